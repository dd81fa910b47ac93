"""Builds kustomizations whose charts may come from repositories.

Kustomize has no network. So the charts that are missing are fetched here, and put where it looks
for them, in a view of the work directory: nothing of them is in the work directory itself, where
it would end in a commit.

Source: kustomize ``plugin/builtin/helmchartinflationgenerator``.
"""

import io
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from common.errors import InvalidError
from common.redaction import redact
from promotions.engine.chart_dependencies import ChartDependency
from promotions.engine.documents.kustomizations import WantedChart
from promotions.engine.filenames import is_plain_file_name
from promotions.engine.goquote import go_quote
from promotions.ports.rendering import KustomizationBuild, Renderer, RenderingError
from promotions.steps.support.chart_archives import chart_in
from promotions.steps.support.chart_repositories import ChartRepositories, ChartSession
from promotions.steps.support.ignores import IgnoreRules
from promotions.steps.support.kustomization_walk import walk_kustomizations
from promotions.steps.support.tar_extraction import Extraction
from promotions.steps.support.tar_members import TarMembers
from promotions.steps.support.views import View, remove_views, view

MOST_CHARTS = 50
MOST_FILES_OF_CHART = 20_000
MAX_UNPACKED_BYTES = 500 * 1024 * 1024
"""All charts of one build together."""

_SCHEMES = frozenset({"http", "https", "oci"})
_NEWEST, _NEWEST_OF_ALL = "*", ">0.0.0-0"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where kustomize looks for a chart: ``home/folder/name``, or ``home/name`` without one.

    Attributes:
        home: Absolute, as a real path.
        folder: Since a chart may be there in several versions, ``<name>-<version>``.
    """

    home: str
    folder: str
    name: str

    @property
    def directory(self) -> str:
        return f"{self.home}/{self.folder}".rstrip("/")


@dataclass(frozen=True, slots=True)
class Kustomizations:
    """Builds kustomizations, and fetches the charts that they want."""

    renderer: Renderer
    repositories: ChartRepositories

    def text(self, build: KustomizationBuild, *, tenant_uid: str, project: str) -> str:
        """Return what ``kustomize build`` prints.

        Raises:
            InvalidError: A chart's name, version or home makes no sense, a repository does not
                have it, or something is on another host.
            OSError: A chart cannot be written.
            UpstreamError: A repository is out of reach or refuses, or a tool failed.
        """
        root, path = os.path.realpath(build.root), os.path.realpath(build.path)
        remove_views(root)
        reached = walk_kustomizations(
            root, path, rendered=lambda it: self.renderer.kustomization(replace(build, path=it))
        )
        missing = _missing(root, reached.charts)
        if not missing:
            return self.renderer.kustomization(build)
        if len(missing) > MOST_CHARTS:
            raise InvalidError(f"it needs more than {MOST_CHARTS} charts from repositories")
        session = self.repositories.session(tenant_uid=tenant_uid, project=project)
        homes = (place.directory for place in missing)
        with view(root, real=(*reached.directories, *homes)) as shown:
            _fetch_all(missing, session, shown)
            return self._built(replace(build, path=shown.of(path)), shown)

    def _built(self, build: KustomizationBuild, shown: View) -> str:
        try:
            return self.renderer.kustomization(build)
        except RenderingError as error:
            raise RenderingError(error.message.replace(shown.path, shown.root)) from error


def _missing(root: str, charts: Iterable[tuple[str, WantedChart]]) -> Mapping[_Place, WantedChart]:
    """Return the charts that kustomize would fetch, by where it would put them.

    Raises:
        InvalidError: One cannot be put there.
    """
    missing: dict[_Place, WantedChart] = {}
    for directory, chart in charts:
        home = os.path.realpath(os.path.normpath(Path(directory, chart.home)))
        if not f"{home}/".startswith(f"{root}/"):
            raise InvalidError(f"chartHome {go_quote(chart.home)} leads out of the work directory")
        folder = f"{chart.name}-{chart.version}" if chart.version else ""
        is_wanted = chart.name and chart.repository
        if is_wanted and not Path(home, folder, chart.name).is_dir():
            _check(chart, folder)
            missing.setdefault(_Place(home, folder, chart.name), chart)
    return missing


def _check(chart: WantedChart, folder: str) -> None:
    if not is_plain_file_name(chart.name) or (folder and not is_plain_file_name(folder)):
        named = f"{go_quote(chart.name)} {go_quote(chart.version)}"
        raise InvalidError(f"{named}: a chart's name and version must do for a directory")
    if Path(chart.home).is_absolute():
        raise InvalidError(f"chartHome {go_quote(chart.home)} must be relative")
    if urlsplit(chart.repository).scheme not in _SCHEMES:
        raise InvalidError(
            f"the repository {go_quote(redact(chart.repository))} of the chart {chart.name} is none"
            " that can be read: write an address that begins with https:// or oci://"
        )


def _fetch_all(missing: Mapping[_Place, WantedChart], session: ChartSession, shown: View) -> None:
    versions = Counter((place.home, place.name) for place in missing)
    unpacked = 0
    for place, chart in missing.items():
        target = Path(shown.of(place.directory), place.name)
        unpacked += _unpack(_fetched(chart, session), target)
        if unpacked > MAX_UNPACKED_BYTES:
            raise InvalidError(f"its charts are larger than {MAX_UNPACKED_BYTES} bytes")
        older = Path(shown.of(place.home), place.name)
        if versions[place.home, place.name] == 1 and not os.path.lexists(older):
            older.symlink_to(target)  # where kustomize 5.0 looks for it


def _fetched(chart: WantedChart, session: ChartSession) -> bytes:
    """Return the archive of a chart."""
    newest = _NEWEST_OF_ALL if chart.devel else _NEWEST
    asked = ChartDependency(chart.name, chart.version or newest, chart.repository, {})
    version = asked.version if session.lists(asked) else session.resolve(asked)
    if not version:
        raise InvalidError(
            f"chart {go_quote(chart.name)} version {go_quote(asked.version)} not found in"
            f" {redact(chart.repository)} repository"
        )
    archive = session.fetch(asked.resolved(version))
    name, _ = chart_in(archive.content)
    if name != chart.name:
        raise InvalidError(f"{archive.name} holds the chart {name} and not {chart.name}")
    return archive.content


def _unpack(archive: bytes, target: Path) -> int:
    """Unpack a chart into a directory that is made, and return the size of its files in bytes."""
    target.mkdir()
    descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        extraction = Extraction(descriptor, 1, IgnoreRules(()), most=MOST_FILES_OF_CHART)
        extraction.extract(TarMembers(io.BytesIO(archive)))
        return extraction.size_bytes
    finally:
        os.close(descriptor)
