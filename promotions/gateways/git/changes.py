"""What did a promotion change in a work tree since it was checked out?

Nothing that a repository or a step wrote runs a program here: attributes can name filters and
diff drivers, but only configuration could say what those are, and ours is sealed.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from promotions.gateways.git.runner import Call, GitRunner
from promotions.gateways.git.work_tree import WorkTree
from promotions.ports.workspaces import TreeChanges

_MOST_FILES = 10_000
_CONFIG = (
    ("core.quotePath", "false"),
    # Larger files are told apart without being read into memory, and called binary.
    ("core.bigFileThreshold", "8m"),
)
_STAGE = ("add", "--sparse", "--all", "--", ".")
_DIFF = (
    "diff-index", "--cached", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
    "--ignore-submodules=dirty",
)  # fmt: skip
_WRITE = ("checkout-index", "--quiet", "--force", "-z", "--stdin")


def read_changes(tree: WorkTree, *, runner: GitRunner, workdir: Path, limit: int) -> TreeChanges:
    """Return what differs from the commit that was checked out; see ``TreeChanges``.

    Neither the index of the work tree nor its objects are touched.
    """
    base = tree.base()
    with _scratch(tree) as call:
        runner.run(_STAGE, call)
        listed = runner.stream((*_DIFF, "--name-only", "-z", base), call)
        files, more_files = _at_most(_MOST_FILES, _names(listed))
        patch, more_patch = _cut(runner.stream((*_DIFF, "--patch", base), call), limit=limit)
    return TreeChanges(
        path=tree.root.relative_to(workdir).as_posix(),
        url=tree.config()["kargo"]["repoOriginalURL"],
        branch=tree.head()[1],
        base=base,
        files=tuple(sorted(name.decode(errors="replace") for name in files)),
        patch=patch.decode(errors="replace"),
        truncated=more_files or more_patch,
    )


def write_base_files(
    tree: WorkTree, *, runner: GitRunner, target: Path, only: Sequence[str]
) -> None:
    """Write the files that were checked out to the new folder ``target``.

    Args:
        tree: The work tree.
        runner: Starts Git.
        target: Absolute; does not exist yet.
        only: Paths from the root, files or folders; empty for all that a checkout writes.
    """
    target.mkdir(parents=True)
    with _scratch(tree, root=target) as call:
        if not only:
            runner.run(("read-tree", "--reset", "-u", tree.base()), call)
            return
        runner.run(("read-tree", "--reset", tree.base()), call)
        wanted = {os.fsencode(name.strip("/")) for name in only}
        found = [
            name
            for name in _names(runner.stream(("ls-files", "-z"), call))
            if name in wanted or any(parent in wanted for parent in _parents(name))
        ]
        if found:
            runner.run(_WRITE, call, stdin=b"\0".join(found))


@contextmanager
def _scratch(tree: WorkTree, *, root: Path | None = None) -> Iterator[Call]:
    """Yield a call with a place of its own for objects, and an index that may be changed.

    It runs at the root of the work tree with a copy of its index; or, if ``root`` is given, there
    with an empty one.
    """
    with TemporaryDirectory(dir=tree.home, prefix="c") as folder:
        index = Path(folder) / "index"
        objects = Path(folder) / "objects"
        objects.mkdir()
        if root is None:
            with suppress(FileNotFoundError):
                # Times too: Git tells by them what it must look at again.
                shutil.copy2(tree.admin / "index", index, follow_symlinks=False)
        env = {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(tree.repository / "objects"),
            "GIT_WORK_TREE": str(root or tree.root),
        }
        yield replace(tree.call(env=env, config=_CONFIG), cwd=root or tree.root)


def _names(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\0")
        yield from complete


def _parents(name: bytes) -> Iterator[bytes]:
    while b"/" in name:
        name = name.rpartition(b"/")[0]
        yield name


def _at_most(limit: int, names: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """Return the first ``limit`` names, and whether there are more."""
    found = list(islice(names, limit + 1))
    return found[:limit], len(found) > limit


def _cut(chunks: Iterable[bytes], *, limit: int) -> tuple[bytes, bool]:
    """Return the first ``limit`` bytes, and whether there are more; reads no further."""
    collected = bytearray()
    for chunk in chunks:
        collected += chunk
        if len(collected) > limit:
            return bytes(collected[:limit]), True
    return bytes(collected), False
