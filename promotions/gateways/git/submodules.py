"""Writes the files of submodules, each from a mirror of its own.

``git submodule`` is not used: it would fetch as ``.gitmodules`` says, past mirrors, credentials
and the egress policy. A submodule here is plain files at the commit that the work tree names;
there is no repository in it that a step could turn against a later Git.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from common.removal import remove_tree
from promotions.gateways.git.extent import Extent, extent_of
from promotions.gateways.git.mirror import Mirror, MirrorCache
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.submodule_urls import Declared, declared_in, remote_of
from promotions.gateways.git.targets import TargetFinder
from promotions.gateways.git.work_tree import WorkTree
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import GitError, RefusedURLError, WorkTreeError

DEEPEST = 8
MOST = 200
_GITLINK = "160000 "
_FILE_MODES = ("100644", "100755")
_DECLARATIONS = ("config", "--no-includes", "-z", "--list", "--blob")
_CONFIG = (("checkout.workers", "0"),)


@dataclass(frozen=True, slots=True)
class _Level:
    """A checked-out commit whose submodules are still to be written.

    Attributes:
        root: Where its files are.
        shown: Path of the root in the work tree; empty for the work tree itself.
        depth: 0 for the work tree itself.
    """

    mirror: Mirror
    commit: str
    root: Path
    extent: Extent
    shown: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class SubmoduleWriter:
    """Writes submodules, and theirs."""

    runner: GitRunner
    mirrors: MirrorCache

    def write(
        self, *, mirror: Mirror, commit: str, root: Path, extent: Extent, scratch: Path
    ) -> None:
        """Write the submodules of ``commit``, which is checked out at ``root``.

        Args:
            mirror: Of the repository.
            commit: That is checked out.
            root: Where, an absolute path without links.
            extent: Of what is checked out.
            scratch: A folder for temporary files.

        Raises:
            RefusedURLError: ``.gitmodules`` asks for something that is not allowed.
            GitError: A submodule cannot be read, or there are too many.
        """
        waiting = [_Level(mirror=mirror, commit=commit, root=root, extent=extent)]
        count, size = 0, extent.size_bytes
        while waiting:
            level = waiting.pop()
            for inner in self._written(level, scratch):
                count, size = count + 1, size + inner.extent.size_bytes
                if count > MOST or size > self.runner.settings.trees.tree_bytes:
                    raise WorkTreeError("The submodules are too many, or too large, to check out.")
                waiting.append(inner)

    def _written(self, level: _Level, scratch: Path) -> Iterator[_Level]:
        """Write the submodules of one level, and yield them."""
        if not level.extent.submodules:
            return
        if level.depth >= DEEPEST:
            raise WorkTreeError(f"Submodules are nested more than {DEEPEST} deep.")
        declared = self._declared(level)
        for path, commit in sorted(level.extent.submodules.items()):
            name = os.fsdecode(path)
            shown = f"{level.shown}{name}"
            with _named(shown):
                if name not in declared:
                    raise WorkTreeError(f"No url found for submodule path '{name}' in .gitmodules.")
                if not declared[name].is_skipped:
                    yield self._one(level, declared[name], commit, shown=shown, scratch=scratch)

    def _one(
        self, level: _Level, declared: Declared, commit: str, *, shown: str, scratch: Path
    ) -> _Level:
        root = level.root / declared.path
        if os.path.realpath(root) != str(root) or (root.exists() and any(root.iterdir())):
            raise WorkTreeError("Something is in its place.")
        remote = remote_of(
            declared, parent=level.mirror.remote, allow_local=self.runner.settings.allow_local
        )
        mirror = self.mirrors.mirror(remote)
        mirror.fetch()
        with mirror.held():
            TargetFinder(self.runner, mirror, GitIdentity()).commit(commit)
            extent = extent_of(
                commit,
                runner=self.runner,
                call=mirror.call(),
                limits=self.runner.settings.trees,
            )
            self._write(mirror, commit, root=root, scratch=scratch)
        return _Level(
            mirror=mirror, commit=commit, root=root, extent=extent, shown=f"{shown}/",
            depth=level.depth + 1,
        )  # fmt: skip

    def _write(self, mirror: Mirror, commit: str, *, root: Path, scratch: Path) -> None:
        root.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=scratch, prefix="s") as folder:
            env = {
                "GIT_DIR": str(mirror.git_dir),
                "GIT_WORK_TREE": str(root),
                "GIT_INDEX_FILE": str(Path(folder) / "index"),
            }
            call = replace(mirror.call(), cwd=root, env=env, config=_CONFIG)
            self.runner.run(("read-tree", "--reset", "-u", commit), call)

    def _declared(self, level: _Level) -> Mapping[str, Declared]:
        with level.mirror.held():
            call = level.mirror.call()
            entry = self.runner.run(("ls-tree", level.commit, "--", ".gitmodules"), call)
            if not entry:
                return {}
            if not entry.startswith(_FILE_MODES):
                raise WorkTreeError(".gitmodules is not a file.", retryable=False)
            return declared_in(
                self.runner.run((*_DECLARATIONS, f"{level.commit}:.gitmodules"), call)
            )


def clear_submodules(tree: WorkTree, *, runner: GitRunner) -> None:
    """Remove the files of submodules at and below the path of ``tree``.

    Git would leave them where they are, and take them for new files of the repository next.
    """
    listed = runner.run(("ls-files", "--stage", "-z", "--", "."), tree.call())
    for entry in listed.split("\0"):
        facts, _, name = entry.partition("\t")
        folder = tree.path / name
        is_link_free = os.path.realpath(folder) == str(folder)
        if facts.startswith(_GITLINK) and is_link_free and folder.is_dir():
            remove_tree(folder)
            _remove_empty(folder.parent, root=tree.root)


def _remove_empty(folder: Path, *, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


@contextmanager
def _named(shown: str) -> Iterator[None]:
    """Say in errors which submodule they are about."""
    try:
        yield
    except (GitError, RefusedURLError) as error:
        raise type(error)(f'Submodule "{shown}": {error.message}') from error
