"""Renders with helm and kustomize as they are installed on this host."""

from dataclasses import dataclass

from promotions.gateways.helm import package_chart, render_chart
from promotions.gateways.kustomize import build_kustomization
from promotions.gateways.tool_runs import ToolLimits
from promotions.gateways.tools import Tools
from promotions.ports.rendering import ChartRendering, KustomizationBuild


@dataclass(frozen=True, slots=True)
class InstalledTools:
    """Satisfies :class:`promotions.ports.rendering.Renderer`."""

    tools: Tools
    limits: ToolLimits

    def chart(self, rendering: ChartRendering) -> str:
        """Return what ``helm template`` prints."""
        return render_chart(rendering, tools=self.tools, limits=self.limits)

    def kustomization(self, build: KustomizationBuild) -> str:
        """Return what ``kustomize build`` prints."""
        return build_kustomization(build, tools=self.tools, limits=self.limits)

    def package(self, *, root: str, path: str) -> tuple[str, bytes]:
        """Return the chart in a directory as an archive."""
        return package_chart(path, root=root, tools=self.tools, limits=self.limits)
