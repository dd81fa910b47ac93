"""What promotion steps ask of Helm and Kustomize."""

from dataclasses import dataclass
from typing import Protocol

from common.errors import InvalidError, UpstreamError


class RenderingError(InvalidError):
    """The tool says that something is wrong with what it was given."""

    code = "rendering_failed"


class MissingDependenciesError(RenderingError):
    """A chart declares dependencies that are not in its ``charts`` directory."""

    code = "chart_dependencies_missing"


class ToolMissingError(UpstreamError):
    """The program is not installed on this host, or is of no use."""

    code = "tool_missing"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class ToolLimitError(UpstreamError):
    """The program needed more time or memory, or printed more, than it may."""

    code = "tool_limit"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


@dataclass(frozen=True, slots=True)
class SetValue:
    """One value to set; ``literal`` takes the text as it is, commas and all."""

    key: str
    value: str
    literal: bool = False


@dataclass(frozen=True, slots=True)
class ChartRendering:
    """A chart to render. All paths are absolute.

    Attributes:
        root: Nothing outside this directory is read.
        path: The chart: a directory or an archive.
        values_files: In order; the last one wins.
        set_values: Win over all files, literal ones over the others.
        kube_version: The version of Kubernetes to render for; empty for the tool's own.
        api_versions: What that Kubernetes offers besides.
    """

    root: str
    path: str
    release_name: str
    namespace: str = ""
    values_files: tuple[str, ...] = ()
    set_values: tuple[SetValue, ...] = ()
    include_crds: bool = False
    disable_hooks: bool = False
    skip_tests: bool = False
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KustomizationBuild:
    """A kustomization to build. All paths are absolute.

    Attributes:
        root: Nothing outside this directory is read.
        path: The directory with the kustomization.
        kube_version: For charts in it, as for :class:`ChartRendering`.
        api_versions: The same.
    """

    root: str
    path: str
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


class Renderer(Protocol):
    """Renders charts and kustomizations with the real tools, confined and without a network.

    Every method may raise, with words for a person in the message::

        RenderingError      the tool refuses what it was given; its own words
        ToolMissingError    the tool is not installed; says how to install it
        ToolLimitError      it took too long or too much memory, or printed too much
    """

    def chart(self, rendering: ChartRendering) -> str:
        r"""Return what ``helm template`` prints: documents that begin with ``---\n# Source: ``.

        Raises:
            MissingDependenciesError: Dependencies are declared and not there.
        """
        ...

    def kustomization(self, build: KustomizationBuild) -> str:
        r"""Return what ``kustomize build`` prints: documents joined by ``---\n``."""
        ...

    def package(self, *, root: str, path: str) -> tuple[str, bytes]:
        """Return the chart in a directory as an archive: its file name, and its content."""
        ...
