"""How long do helm and kustomize take through our gateways, against running them by hand?

Run as ``python -m tests.benchmarks.rendering [--rounds N]``. By hand means one ``subprocess.run``
of the same program with the same arguments. Ours adds a private home, the confinement, limits and
the reading of what is printed; the splitting of it into files is measured too. Rounds alternate.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from promotions.engine.documents.manifests import flat_layout
from promotions.gateways.rendering import InstalledTools
from promotions.gateways.tool_runs import ToolLimits
from promotions.gateways.tools import ToolPaths, Tools
from promotions.ports.rendering import ChartRendering, KustomizationBuild
from tests import install_tools

MOST_TIMES_BY_HAND = 1.2
TEMPLATES = 20
_MILLISECONDS = 1000
_MANIFEST = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-%d
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.0"}]}
"""


def write_inputs(folder: Path) -> None:
    """Write a chart and a kustomization of 20 Deployments each."""
    (folder / "chart" / "templates").mkdir(parents=True)
    (folder / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: demo\nversion: 0.1.0\n")
    (folder / "base").mkdir()
    names = [f"web-{number}.yaml" for number in range(TEMPLATES)]
    for number, name in enumerate(names):
        (folder / "chart" / "templates" / name).write_text(_MANIFEST % number)
        (folder / "base" / name).write_text(_MANIFEST % number)
    (folder / "base" / "kustomization.yaml").write_text(f"resources: [{', '.join(names)}]\n")


def cases(
    folder: Path, tools: Path
) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Return what is measured by its name: by hand, and ours."""
    limits = ToolLimits()
    paths = ToolPaths(helm=str(tools / "helm"), kubectl=str(tools / "kubectl"))
    ours = InstalledTools(Tools(paths, limits), limits)
    chart = ChartRendering(str(folder), str(folder / "chart"), "r")
    base = KustomizationBuild(str(folder), str(folder / "base"))

    def by_hand(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder)  # noqa: S603 - a fixed command

    return {
        "helm template": (
            lambda: by_hand(paths.helm, "template", "r", "chart"),
            lambda: ours.chart(chart),
        ),
        "  and flat files' names": (
            lambda: by_hand(paths.helm, "template", "r", "chart"),
            lambda: flat_layout(ours.chart(chart)),
        ),
        "kustomize build": (
            lambda: by_hand(paths.kubectl, "kustomize", "base"),
            lambda: ours.kustomization(base),
        ),
    }


def timed(run: Callable[[], object]) -> float:
    """Return how many milliseconds it takes."""
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * _MILLISECONDS


def main() -> int:
    """Measure and print the table; return 1 if the aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    install_tools.install()
    worst = 0.0
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path).resolve()
        write_inputs(folder)
        for version in install_tools.WHEELS:
            for name, (by_hand, ours) in cases(folder, install_tools.TOOLS / version).items():
                ours()
                pairs = [(timed(by_hand), timed(ours)) for _ in range(options.rounds)]
                hand, own = (statistics.median(it) for it in zip(*pairs, strict=True))
                worst = max(worst, own / hand)
                line = f"{version} {name:<24} by hand {hand:6.1f} ms   ours {own:6.1f} ms"
                print(f"{line}   ratio {own / hand:5.2f}")  # noqa: T201 - a bench prints
    met = worst <= MOST_TIMES_BY_HAND
    print(f"aim: at most {MOST_TIMES_BY_HAND} times by hand: {'met' if met else 'missed'}")  # noqa: T201 - a bench prints
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
