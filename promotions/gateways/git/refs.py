"""Which refs does a repository on this host have? Read from its files, without starting Git."""

import os
from collections.abc import Mapping
from pathlib import Path

_SYMBOLIC = "ref: "


def read_refs(repository: Path) -> dict[str, str]:
    """Return object id by full name of every ref; symbolic refs are left out.

    Loose refs are read before packed ones, so that a ref which is being packed is not missed.
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
    """
    head = (admin / "HEAD").read_text().strip()
    if not head.startswith(_SYMBOLIC):
        return head, ""
    name = head.removeprefix(_SYMBOLIC)
    return read_ref(repository, name), name.removeprefix("refs/heads/")


def read_ref(repository: Path, name: str) -> str:
    """Return the object id of ref ``name``, or an empty string."""
    try:
        return (repository / name).read_text().strip()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return _packed(repository).get(name, "")


def write_refs(repository: Path, refs: Mapping[str, str]) -> None:
    """Write ``refs`` as the packed refs of a repository that has none yet."""
    lines = (f"{value} {name}\n" for name, value in sorted(refs.items()))
    (repository / "packed-refs").write_text("".join(lines))


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
        text = path.read_text().strip()
    except FileNotFoundError:
        return ""
    return "" if text.startswith(_SYMBOLIC) else text


def _packed(repository: Path) -> dict[str, str]:
    try:
        lines = (repository / "packed-refs").read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.split(" ", 1) for line in lines if line and line[0] not in "#^")
    return {name: value for value, name in pairs}
