"""Renders and packages charts with the real helm."""

from collections.abc import Iterator
from pathlib import Path

from promotions.gateways.tool_runs import ToolLimits, ToolRun, private_home, run_tool
from promotions.gateways.tools import Tools
from promotions.ports.rendering import (
    ChartRendering,
    MissingDependenciesError,
    RenderingError,
    SetValue,
)

_MISSING_MARK = "missing in charts/ directory"
_MISSING = "found in Chart.yaml, but missing in charts/ directory"


def render_chart(rendering: ChartRendering, *, tools: Tools, limits: ToolLimits) -> str:
    """Return what ``helm template`` prints, as :class:`promotions.ports.rendering.Renderer`."""
    (helm,) = tools.helm().command
    arguments = (*_flags(rendering), "--", rendering.release_name, rendering.path)
    run = ToolRun((helm, "template", *arguments), readable=Path(rendering.root))
    try:
        with private_home() as home:
            return run_tool(run, home=home, limits=limits)
    except RenderingError as error:
        if _MISSING_MARK in error.message:
            names = error.message.rpartition(f"{_MISSING_MARK}: ")[2]
            raise MissingDependenciesError(f"{_MISSING}: {names}") from error
        raise


def package_chart(path: str, *, root: str, tools: Tools, limits: ToolLimits) -> tuple[str, bytes]:
    """Return a chart directory as an archive: its file name, and its content."""
    (helm,) = tools.helm().command
    with private_home() as home:
        target = home / "packaged"
        argv = (helm, "package", f"--destination={target}", "--", path)
        run_tool(ToolRun(argv, readable=Path(root)), home=home, limits=limits)
        archives = list(target.glob("*.tgz"))
        if len(archives) != 1:
            raise RenderingError("helm made no archive of the chart")
        return archives[0].name, archives[0].read_bytes()


def _flags(rendering: ChartRendering) -> Iterator[str]:
    """Yield the options; their order does not matter to Helm but within one kind."""
    if rendering.namespace:
        yield f"--namespace={rendering.namespace}"
    yield from (f"--values={_as_csv(path)}" for path in rendering.values_files)
    yield from map(_set_flag, rendering.set_values)
    switches = {
        "--include-crds": rendering.include_crds,
        "--no-hooks": rendering.disable_hooks,
        "--skip-tests": rendering.skip_tests,
    }
    yield from (switch for switch, is_on in switches.items() if is_on)
    if rendering.kube_version:
        yield f"--kube-version={rendering.kube_version}"
    yield from (f"--api-versions={_as_csv(it)}" for it in rendering.api_versions)


def _set_flag(wanted: SetValue) -> str:
    flag = "--set-literal" if wanted.literal else "--set"
    return f"{flag}={wanted.key}={wanted.value}"


def _as_csv(text: str) -> str:
    """Quote for options that take several values with commas between them."""
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if set(text) & set(',"\n\r') else text
