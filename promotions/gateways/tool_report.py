"""Says which programs this host has for promotions, for operators to read."""

import os
import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from common.errors import UpstreamError
from promotions.gateways import process
from promotions.gateways.confinement import is_network_confinable
from promotions.gateways.process import Command
from promotions.gateways.tool_runs import Isolation
from promotions.gateways.tools import OLDEST, Tool, Tools
from promotions.ports.rendering import ToolMissingError
from promotions.ports.tools import ToolReport, ToolStatus

_NUMBER = re.compile(r"\d+(?:\.\d+)+")
_TIMEOUT = timedelta(seconds=10)
_OUTPUT_BYTES = 64 * 1024
_FILES = {
    Isolation.CONFINED: "Landlock: they read the promotion's work directory and nothing else.",
    Isolation.NONE: "Not confined: what users write can read every file that the worker can.",
    Isolation.REFUSED: "This host has no Landlock, so they are not run;"
    " see KARGO_TOOLS_UNCONFINED.",
}


def report_tools(tools: Tools) -> ToolReport:
    """Return what is there, by asking each program for its version."""
    return ToolReport(
        tools=(
            _program("git", "all steps that use Git, and Warehouses"),
            _program("gpg", "signed commits and tags"),
            _renderer(
                "helm", "helm-template, helm-update-chart, charts in kustomizations", tools.helm
            ),
            _renderer("kustomize", "kustomize-build", tools.kustomize),
        ),
        files=_FILES[tools.limits.isolation],
        network=_network_in_words(tools.limits.isolation),
        is_confined=tools.limits.isolation is Isolation.CONFINED,
    )


def _network_in_words(isolation: Isolation) -> str:
    if isolation is Isolation.CONFINED and is_network_confinable():
        return "seccomp: they cannot open sockets."
    return "A proxy that does not exist: they reach this host's own addresses only."


def _renderer(name: str, needed_for: str, find: Callable[[], Tool]) -> ToolStatus:
    try:
        tool = find()
    except ToolMissingError as error:
        return ToolStatus(name, needed_for, problem=error.message)
    oldest = ".".join(map(str, OLDEST[tool.name]))
    problem = f"It is older than {oldest}; some options are missing." if tool.is_too_old else ""
    return ToolStatus(name, needed_for, str(tool.path), tool.version, problem)


def _program(name: str, needed_for: str) -> ToolStatus:
    path = shutil.which(name)
    if path is None:
        return ToolStatus(name, needed_for, problem=f"{name} is not on the PATH: install it.")
    command = Command(
        argv=(path, "--version"),
        cwd=Path("/"),
        env={"HOME": os.devnull, "LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
        timeout=_TIMEOUT,
        output_bytes=_OUTPUT_BYTES,
    )
    try:
        printed = process.run(command).stdout.decode(errors="replace")
    except (OSError, UpstreamError) as error:
        return ToolStatus(name, needed_for, path, problem=f"It cannot be run: {error}")
    found = _NUMBER.search(printed)
    return ToolStatus(name, needed_for, path, found[0] if found else "")
