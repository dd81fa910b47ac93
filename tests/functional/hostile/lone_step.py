"""Runs one step in a process of its own and prints how it ended, and the memory that took.

``python -m tests.functional.hostile.lone_step FOLDER KIND CONFIG``; the work directory is
``FOLDER/work``, and the ports are honest ones.
"""

import json
import resource
import sys
from dataclasses import replace
from pathlib import Path

from common.errors import PlatformError
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.gateways.tool_runs import ToolLimits
from promotions.gateways.tools import ToolPaths, Tools
from promotions.steps.catalogue import builtin_steps
from tests import install_tools
from tests.functional.hostile.honest import honest_outside
from tests.unit.steps.contexts import context


def main(folder: Path, kind: str, config: str) -> None:
    """Run the step."""
    installed = install_tools.TOOLS / max(install_tools.WHEELS)
    paths = ToolPaths(helm=str(installed / "helm"), kubectl=str(installed / "kubectl"))
    limits = ToolLimits(memory_bytes=256 * 1024 * 1024)
    with honest_outside(folder / "outside") as outside:
        ports = replace(outside.ports, renderer=InstalledTools(Tools(paths, limits), limits))
        registry = Registry(builtin_steps(ports))
        before = _largest_bytes(resource.RUSAGE_SELF)
        try:
            result = registry.find(kind).run(context(folder / "work", json.loads(config)))
            said = f"{result.status} {result.output}"
        except (StepError, PlatformError) as error:
            said = error.message
    grown = _largest_bytes(resource.RUSAGE_SELF) - before
    child = _largest_bytes(resource.RUSAGE_CHILDREN)
    print(json.dumps({"said": said, "grown": grown, "child": child}))  # noqa: T201  a command


def _largest_bytes(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
