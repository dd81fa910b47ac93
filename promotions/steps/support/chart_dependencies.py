"""Brings a chart's dependencies into its ``charts`` directory, as ``helm dependency`` does.

Source: Kargo ``pkg/helm`` EphemeralDependencyManager; Helm ``pkg/downloader/manager.go``.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common.errors import InvalidError
from common.jsontypes import as_object, as_text
from promotions.engine.chart_dependencies import (
    FILE,
    ChartDependency,
    ChartLock,
    constraint_of,
    lock_digest,
    no_version,
    read_dependencies,
    read_lock,
    write_lock,
)
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.yaml_update import update_yaml
from promotions.engine.documents.yaml_values import load_document
from promotions.engine.filenames import is_plain_file_name
from promotions.engine.goquote import go_quote
from promotions.engine.runner import StepContext
from promotions.engine.semver.versions import parse_version
from promotions.ports.rendering import Renderer
from promotions.steps.support.chart_archives import chart_in
from promotions.steps.support.chart_repositories import Archive, ChartRepositories, ChartSession
from promotions.steps.support.rendering import check_links
from promotions.steps.support.workdir import (
    read_bytes,
    read_text,
    rewrite_text,
    secure_join,
    write_bytes,
)

_CHART, _LOCK, _CHARTS = "Chart.yaml", "Chart.lock", "charts"
_ARCHIVE_SUFFIX = ".tgz"
_MAX_ARCHIVE_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A version that a dependency is to have; ``repository`` and ``name`` say which one."""

    repository: str
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class ChartDependencies:
    """Resolves, fetches and locks the dependencies of charts in work directories."""

    renderer: Renderer
    repositories: ChartRepositories

    def build(self, context: StepContext, path: str) -> None:
        """Fetch what Chart.lock says; without one, resolve and make one.

        Raises:
            InvalidError: Chart.yaml or Chart.lock is wrong, or they do not belong together.
            OSError: A file is missing or cannot be written.
            UpstreamError: A repository is out of reach, or refuses.
        """
        required = read_dependencies(read_text(context.workdir, f"{path}/{_CHART}"))
        if not required:
            return
        job = self._job(context, path, required)
        lock = job.read_lock()
        if lock is None:
            job.update()
            return
        if lock.digest != lock_digest(required, lock.dependencies):
            raise InvalidError(
                "the lock file (Chart.lock) is out of sync with the dependencies file"
                " (Chart.yaml). Please update the dependencies"
            )
        job.fetch(lock.dependencies)

    def update(
        self, context: StepContext, path: str, changes: Sequence[VersionChange]
    ) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Change versions in Chart.yaml, resolve all dependencies anew, fetch and lock them.

        Returns:
            The locked versions by name, before and after. If they are the same, Chart.lock was
            left as it is.

        Raises:
            InvalidError: Chart.yaml or Chart.lock is wrong, no dependency is as a change says, or
                no version of one will do.
            OSError: A file is missing or cannot be written.
            UpstreamError: A repository is out of reach, or refuses.
        """
        file = f"{path}/{_CHART}"
        text = read_text(context.workdir, file)
        edits = list(_edits(read_dependencies(text), changes))
        updated = update_yaml(text, edits) if edits else text
        job = self._job(context, path, read_dependencies(updated))
        before = job.read_lock()
        if updated != text:
            rewrite_text(context.workdir, file, updated)
        after = job.update() if job.required else before
        return _versions(before), _versions(after)

    def _job(
        self, context: StepContext, path: str, required: tuple[ChartDependency, ...]
    ) -> "_Job":
        session = self.repositories.session(tenant_uid=context.tenant_uid, project=context.project)
        job = _Job(context, path, required, self.renderer, session)
        job.check()
        return job


@dataclass(frozen=True, slots=True)
class _Job:
    """One chart's dependencies in one call of a step."""

    context: StepContext
    path: str
    required: tuple[ChartDependency, ...]
    renderer: Renderer
    session: ChartSession

    @property
    def root(self) -> str:
        return self.context.workdir

    @property
    def chart(self) -> str:
        """Return the absolute path of the chart's directory."""
        return secure_join(self.root, self.path)

    def check(self) -> None:
        """Check what needs no network."""
        for it in self.required:
            if it.is_local:
                _check_local(self.root, self.chart, it)
            if it.is_alias:
                raise InvalidError(
                    f"no repository definition for {it.repository}: write the repository's"
                    " address into Chart.yaml"
                )
            vendored = secure_join(self.root, f"{self.path}/{_CHARTS}/{it.name}")
            if not it.repository and not Path(vendored).is_dir():
                raise InvalidError(f"directory {_CHARTS}/{it.name} not found")

    def read_lock(self) -> ChartLock | None:
        lock = Path(self.chart, _LOCK)
        if lock.is_symlink():
            raise InvalidError(f"{_LOCK} is a symbolic link, which cannot be replaced safely")
        if not lock.exists():
            return None
        return read_lock(read_text(self.root, f"{self.path}/{_LOCK}"))

    def update(self) -> ChartLock:
        """Resolve, fetch and lock; a lock that says the same is left as it is."""
        before = self.read_lock()
        locked = [(it, self._resolved(it)) for it in self.required]
        missing = [it for it, version in locked if not version]
        if missing:
            raise no_version(missing)
        resolved = tuple(it.resolved(version) for it, version in locked)
        self.fetch(resolved)
        after = ChartLock(resolved, lock_digest(self.required, resolved))
        if before is None or _versions(before) != _versions(after):
            text = write_lock(self.required, resolved, now=self.context.now)
            write_bytes(self.root, f"{self.path}/{_LOCK}", text.encode())
        return after

    def fetch(self, locked: Iterable[ChartDependency]) -> None:
        """Bring the archives of exactly these versions, and remove those of others."""
        archives = {(it.name, it.version, it.repository): it for it in locked if it.repository}
        fetched = [self._fetched(it) for it in archives.values()]
        for archive in fetched:
            write_bytes(self.root, f"{self.path}/{_CHARTS}/{archive.name}", archive.content)
        self._remove_others({archive.name for archive in fetched})

    def _resolved(self, dependency: ChartDependency) -> str:
        if not dependency.repository:
            return dependency.version
        if not dependency.is_local:
            return self.session.resolve(dependency)
        _, version = self._local_chart(dependency)
        allowed = constraint_of(dependency).allows(parse_version(version))
        return version if allowed else ""

    def _fetched(self, locked: ChartDependency) -> Archive:
        if locked.is_local:
            name, _ = self._local_chart(locked)
            file, content = self.renderer.package(
                root=self.root, path=_local_path(self.chart, locked)
            )
            archive = Archive(file, content)
        else:
            archive = self.session.fetch(locked)
            name, _ = chart_in(archive.content)
        if name != locked.name:
            raise InvalidError(f"{archive.name} holds the chart {name} and not {locked.name}")
        if not is_plain_file_name(archive.name) or not archive.name.endswith(_ARCHIVE_SUFFIX):
            raise InvalidError(f"{go_quote(archive.name)} cannot be the file of a chart")
        return archive

    def _local_chart(self, dependency: ChartDependency) -> tuple[str, str]:
        """Return the name and version of the chart in another directory."""
        path = _local_path(self.chart, dependency)
        directory = os.path.realpath(path).removeprefix(os.path.realpath(self.root))
        return _name_and_version(read_text(self.root, f"{directory}/{_CHART}"))

    def _remove_others(self, kept: set[str]) -> None:
        vendored = {it.name for it in self.required if not it.repository}
        charts = Path(secure_join(self.root, f"{self.path}/{_CHARTS}"))
        if not charts.is_dir():
            return
        for file in charts.glob(f"*{_ARCHIVE_SUFFIX}"):
            if file.name in kept or file.is_symlink() or not file.is_file():
                continue
            with suppress(InvalidError, ValueError):  # what is no chart is not ours to remove
                content = read_bytes(
                    self.root, str(file.relative_to(self.root)), limit=_MAX_ARCHIVE_BYTES
                )
                if chart_in(content)[0] not in vendored:
                    file.unlink()


def _edits(
    dependencies: Sequence[ChartDependency], changes: Sequence[VersionChange]
) -> Iterable[Update]:
    for change in changes:
        found = [
            index
            for index, it in enumerate(dependencies)
            if (it.repository, it.name) == (change.repository, change.name)
        ]
        if not found:
            raise InvalidError(
                "no dependency in Chart.yaml matches update with repository"
                f" {go_quote(change.repository)} and name {go_quote(change.name)}"
            )
        if dependencies[found[0]].version != change.version:
            yield Update(f"dependencies.{found[0]}.version", change.version)


def _versions(lock: ChartLock | None) -> Mapping[str, str]:
    return {it.name: it.version for it in lock.dependencies} if lock else {}


def _name_and_version(text: str) -> tuple[str, str]:
    about = as_object(load_document(text))
    return as_text(about.get("name")), as_text(about.get("version"))


def _local_path(chart: str, dependency: ChartDependency) -> str:
    return os.path.normpath(f"{chart}/{dependency.repository.removeprefix(FILE)}")


def _check_local(root: str, chart: str, dependency: ChartDependency) -> None:
    """Check that a dependency in another directory stays in the work directory."""
    stated = dependency.repository.removeprefix(FILE)
    problem = ""
    if stated.startswith("/"):
        problem = f"dependency path {go_quote(stated)} must be relative"
    real = os.path.realpath(f"{chart}/{stated}")
    # Looked at first: what is there outside is nobody's business.
    if not problem and not f"{real}/".startswith(f"{os.path.realpath(root)}/"):
        problem = "dependency path is outside the work directory"
    if not problem and not Path(real).exists():
        problem = f"directory {stated} not found"
    try:
        if not problem:
            check_links(root, real)
    except InvalidError as error:
        problem = error.message
    if problem:
        raise InvalidError(f"invalid dependency {go_quote(dependency.repository)}: {problem}")
