"""What would a checkout write? Asked of Git before it writes anything."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promotions.gateways.git.runner import Call, GitRunner
from promotions.gateways.git.tree_limits import TreeLimits
from promotions.ports.git import WorkTreeError

_LIST = ("ls-tree", "-l", "-z", "--full-tree")
_GITLINK = b"160000"
_ATTRIBUTES = b".gitattributes"
_LONGEST_ENTRY = 1024 * 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Extent:
    """The files of one commit.

    Attributes:
        files: Paths of files and symbolic links.
        submodules: Commit id by path.
        size_bytes: What the files take as they are in the repository.
        attributes: Stands for all ``.gitattributes``, which decide how files are written.
    """

    files: tuple[bytes, ...]
    submodules: dict[bytes, str]
    size_bytes: int
    attributes: str

    def folders(self) -> set[bytes]:
        """Return the paths of all folders, submodules included; the root is empty."""
        found = {b"", *self.submodules}
        for name in (*self.files, *self.submodules):
            parent = name.rpartition(b"/")[0]
            while parent not in found:
                found.add(parent)
                parent = parent.rpartition(b"/")[0]
        return found


def extent_of(
    commit: str, *, runner: GitRunner, call: Call, limits: TreeLimits, sparse: Sequence[str] = ()
) -> Extent:
    """Return what checking out ``commit`` would write.

    Args:
        commit: Full commit id.
        runner: Starts Git.
        call: In a repository that has the commit.
        limits: Of one checkout.
        sparse: Only these folders, plain paths, and the files above them; empty for everything.

    Raises:
        WorkTreeError: It is more than ``limits`` allow.
    """
    if not sparse:
        return _measured(_entries(runner.stream((*_LIST, "-r", commit), call)), limits)
    parents = _parents(sparse)
    listings = [(*_LIST, commit), (*_LIST, "-r", commit, "--", *(f"{it}/" for it in sparse))]
    listings += [(*_LIST, commit, "--", *parents)] if parents else []
    return _measured(
        (entry for listing in listings for entry in _entries(runner.stream(listing, call))), limits
    )


def _measured(entries: Iterable[tuple[bytes, str, int, bytes]], limits: TreeLimits) -> Extent:
    files: list[bytes] = []
    submodules: dict[bytes, str] = {}
    attributes = hashlib.sha256()
    size = 0
    for mode, value, entry_bytes, name in entries:
        if mode == _GITLINK:
            submodules[name] = value
            continue
        files.append(name)
        size += entry_bytes
        if name.endswith(_ATTRIBUTES):
            attributes.update(f"{value} ".encode() + name + b"\0")
        _check(len(files), size, limits)
    return Extent(tuple(files), submodules, size, attributes.hexdigest())


def _check(count: int, size: int, limits: TreeLimits) -> None:
    if size > limits.tree_bytes:
        raise WorkTreeError(
            f"The checkout would write more than {limits.tree_bytes // _MIB} MiB, which is not "
            "allowed here; name the directories that you need under sparse.",
            retryable=False,
        )
    if count > limits.tree_files:
        raise WorkTreeError(
            f"The checkout would write more than {limits.tree_files} files, which is not allowed "
            "here; name the directories that you need under sparse.",
            retryable=False,
        )


def _entries(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, str, int, bytes]]:
    """Yield mode, object id, size and name of every blob and submodule that is listed."""
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\0")
        if len(rest) > _LONGEST_ENTRY:
            raise WorkTreeError("The repository has a path that is too long.", retryable=False)
        for entry in complete:
            facts, _, name = entry.partition(b"\t")
            mode, kind, value, size = facts.split()
            if kind != b"tree":
                yield mode, value.decode(), int(size) if size.isdigit() else 0, name


def _parents(folders: Sequence[str]) -> list[str]:
    """Return the folders above ``folders`` less the root, each with a slash at its end."""
    found: dict[str, None] = {}
    for folder in folders:
        parts = folder.split("/")
        for depth in range(1, len(parts)):
            found["/".join(parts[:depth]) + "/"] = None
    return list(found)
