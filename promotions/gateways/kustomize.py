"""Builds kustomizations with the real kustomize, or the one in kubectl."""

from pathlib import Path

from promotions.gateways.tool_runs import ToolLimits, ToolRun, private_home, run_tool
from promotions.gateways.tools import Tools
from promotions.ports.rendering import KustomizationBuild, ToolMissingError


def build_kustomization(build: KustomizationBuild, *, tools: Tools, limits: ToolLimits) -> str:
    """Return what ``kustomize build`` prints.

    Files are read from anywhere below the root, and from nowhere else: the confinement sees to
    that, so kustomize's own load restrictor, which forbids ``../values.yaml``, is off.
    """
    kustomize = tools.kustomize()
    helm = _helm(tools)
    flags = ["--enable-helm", "--load-restrictor=LoadRestrictionsNone"]
    if helm is not None:
        flags.append(f"--helm-command={helm}")
    if build.kube_version:
        flags.append(f"--helm-kube-version={build.kube_version}")
    flags += [f"--helm-api-versions={it}" for it in build.api_versions]
    run = ToolRun(
        (*kustomize.command, *flags, "--", build.path),
        readable=Path(build.root),
        helpers=(helm,) if helm is not None else (),
    )
    with private_home() as home:
        return run_tool(run, home=home, limits=limits)


def _helm(tools: Tools) -> Path | None:
    """Return Helm for charts in a kustomization; one without charts needs none."""
    try:
        return tools.helm().path
    except ToolMissingError:
        return None
