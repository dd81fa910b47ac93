"""Which Kubernetes resources would a previewed promotion change?

Where changed files belong to a kustomization or a chart, that is rendered as it would be now and
as it was; everything else is compared as it stands in the files.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from common.errors import PlatformError
from common.removal import remove_tree
from promotions.engine.manifest_changes import ResourceChange, manifest_changes
from promotions.ports.rendering import ChartRendering, KustomizationBuild, Renderer
from promotions.ports.workspaces import TreeChanges, Workspaces
from promotions.steps.support.kustomizations import Kustomizations

_MANIFEST_BYTES = 4 * 1024 * 1024
_MOST_FILES = 500
_MOST_ROOTS = 10
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_CHART = "Chart.yaml"


@dataclass(frozen=True, slots=True)
class RenderedChanges:
    """Resources that differ; ``notes`` say what could not be rendered."""

    resources: tuple[ResourceChange, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendering:
    """What renders charts, and kustomizations with the charts that they want."""

    charts: Renderer
    kustomizations: Kustomizations


@dataclass(frozen=True, slots=True)
class Trial:
    """A preview whose steps have run; its work trees may be changed, for nothing comes after."""

    workdir: Path
    workspaces: Workspaces
    rendering: Rendering
    tenant_uid: str
    project: str


@dataclass(frozen=True, slots=True)
class _Tree:
    changes: TreeChanges
    root: Path
    trial: Trial


def changed_resources(tree: TreeChanges, trial: Trial) -> RenderedChanges:
    """Return the resources that a work tree's changes come down to.

    The work tree is put back to the commit that it was checked out from.
    """
    if not tree.files:
        return RenderedChanges()
    workdir = trial.workdir
    worked = _Tree(tree, workdir / tree.path, trial)
    roots = _roots(worked)
    loose = [name for name in tree.files if not _is_below(name, roots)]
    new, notes = _rendered(worked, roots)
    new += list(_texts(worked.root, loose))
    base = Path(mkdtemp(dir=workdir, prefix="base-")) / "files"
    trial.workspaces.base_files(
        workdir=str(workdir), path=str(worked.root), target=str(base), only=tree.files
    )
    _put_back(worked.root, tree.files, base=base)
    old, _ = _rendered(worked, roots)
    old += list(_texts(worked.root, loose))
    return RenderedChanges(manifest_changes(old, new), tuple(notes))


def _roots(tree: _Tree) -> list[str]:
    """Return the folders of the kustomizations and charts that changed files belong to."""
    found: dict[str, None] = {}
    for name in tree.changes.files:
        for folder in Path(name).parents:
            if any((tree.root / folder / it).is_file() for it in (*_KUSTOMIZATIONS, _CHART)):
                found.setdefault(str(folder))
                break
    return list(found)[:_MOST_ROOTS]


def _is_below(name: str, roots: Sequence[str]) -> bool:
    return any(Path(root) in Path(name).parents for root in roots)


def _rendered(tree: _Tree, roots: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what the roots render to, and in words which ones do not."""
    texts, notes = [], []
    for root in roots:
        try:
            texts.append(_render(tree, root))
        except (PlatformError, OSError) as error:
            notes.append(f"{root} cannot be rendered: {error}")
    return texts, notes


def _render(tree: _Tree, root: str) -> str:
    path = tree.root / root
    if (path / _CHART).is_file():
        chart = ChartRendering(root=str(tree.root), path=str(path), release_name="preview")
        return tree.trial.rendering.charts.chart(chart)
    if any((path / name).is_file() for name in _KUSTOMIZATIONS):
        build = KustomizationBuild(root=str(tree.trial.workdir), path=str(path))
        return tree.trial.rendering.kustomizations.text(
            build, tenant_uid=tree.trial.tenant_uid, project=tree.trial.project
        )
    return ""


def _put_back(root: Path, names: Sequence[str], *, base: Path) -> None:
    """Make the changed files what they were; a link in their place is removed, not followed."""
    for name in names:
        target, before = root / name, base / name
        if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(root)):
            continue
        remove_tree(target)
        if os.path.lexists(before):
            target.parent.mkdir(parents=True, exist_ok=True)
            before.rename(target)


def _texts(root: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield the manifests that are there, as text; links and giants are left out."""
    wanted = [name for name in names if Path(name).suffix in _SUFFIXES]
    for name in wanted[:_MOST_FILES]:
        try:
            file = os.open(root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        with os.fdopen(file, "rb") as opened:
            content = opened.read(_MANIFEST_BYTES + 1)
        if len(content) <= _MANIFEST_BYTES:
            yield content.decode("utf-8", errors="replace")
