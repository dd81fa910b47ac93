"""Which refs does a repository on this host have? Read from its files, without starting Git.

Names are decoded as file names are, so that bytes which are not UTF-8 survive.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from promotions.ports.git import CorruptRepositoryError

_SYMBOLIC = "ref: "
_BYTES = "surrogateescape"
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_OBJECT_ID = re.compile(r"[0-9a-f]{40}")
_PACKED = re.compile(r"([0-9a-f]{40}) (refs/.+)|\^[0-9a-f]{40}|#.*|")


def read_refs(repository: Path) -> dict[str, str]:
    """Return object id by full name of every ref; symbolic refs are left out.

    Loose refs are read before packed ones, so that a ref which is being packed is not missed.

    Raises:
        CorruptRepositoryError: A file holds something else than refs.
    """
    loose = _loose(repository)
    return {**_packed(repository), **loose}


def head_of(admin: Path, *, repository: Path) -> tuple[str, str]:
    """Return HEAD's commit id and its branch, short; the branch is empty if it is detached.

    Args:
        admin: The folder that holds ``HEAD``: a work tree's, or the repository itself.
        repository: The folder that holds the refs.

    Raises:
        FileNotFoundError: There is no ``HEAD``.
        CorruptRepositoryError: A file holds something else than refs.
    """
    head = (admin / "HEAD").read_text(errors=_BYTES).strip()
    if not head.startswith(_SYMBOLIC):
        return head, ""
    name = head.removeprefix(_SYMBOLIC)
    return read_ref(repository, name), name.removeprefix("refs/heads/")


def read_ref(repository: Path, name: str) -> str:
    """Return the object id of ref ``name``, or an empty string.

    Raises:
        CorruptRepositoryError: A file holds something else than refs.
    """
    return _value(repository / name) or _packed_one(_packed_text(repository), name)


def write_refs(repository: Path, refs: Mapping[str, str]) -> None:
    """Write ``refs`` as the packed refs of a repository that has none yet."""
    lines = (f"{value} {name}\n" for name, value in sorted(refs.items()))
    (repository / "packed-refs").write_text("".join(lines), errors=_BYTES)


def _loose(repository: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for folder, _, names in os.walk(repository / "refs"):
        prefix = Path(folder).relative_to(repository).as_posix()
        for name in names:
            if name.endswith(".lock"):
                continue
            value = _value(Path(folder) / name)
            if value:
                found[f"{prefix}/{name}"] = value
    return found


def _value(path: Path) -> str:
    try:
        text = path.read_text(errors=_BYTES).strip()
    except _ABSENT:
        return ""
    if text.startswith(_SYMBOLIC):
        return ""
    if not _OBJECT_ID.fullmatch(text):
        raise _damaged(path.name)
    return text


def _packed(repository: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _packed_text(repository).split("\n"):
        match = _PACKED.fullmatch(line)
        if match is None:
            raise _damaged("packed-refs")
        if match[2]:
            found[match[2]] = match[1]
    return found


def _packed_one(text: str, name: str) -> str:
    """Return the id of one of the packed refs, which may be many, without reading the others."""
    end = f"\n{text}".find(f" {name}\n")
    value = text[max(end - 41, 0) : max(end - 1, 0)]
    if value and not _OBJECT_ID.fullmatch(value):
        raise _damaged("packed-refs")
    return value


def _packed_text(repository: Path) -> str:
    try:
        return (repository / "packed-refs").read_text(errors=_BYTES)
    except _ABSENT:
        return ""


def _damaged(name: str) -> CorruptRepositoryError:
    return CorruptRepositoryError(
        f"A local copy of the repository is damaged: {name} holds something else than refs."
    )
