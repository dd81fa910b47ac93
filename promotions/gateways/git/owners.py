"""Whose mirrors and warm work trees this host keeps, and how are those of a tenant removed?

What was read without a credential is everybody's, and nobody's here.
"""

import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

OWNER = "owner"
"""The file in a mirror's folder that holds its tenant's uid."""
TREES = "trees"
"""Where, in the cache folder, the pools of work trees are."""
_SEPARATOR = "."


def mark_owner(folder: Path, tenant_uid: str) -> None:
    """Note whose mirror is in ``folder``, once.

    Raises:
        OSError: It cannot be written.
    """
    path = folder / OWNER
    if path.exists():
        return
    draft = folder / f"{OWNER}.{secrets.token_hex(4)}"
    draft.write_text(tenant_uid)
    draft.rename(path)


def pool_name(key: str, tenant_uid: str) -> str:
    """Return the name of the pool of a tenant's warm work trees of one repository."""
    return f"{key}{_SEPARATOR}{tenant_uid}"


def mirrors_of(folders: Iterator[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the mirrors that have an owner, with the owner's uid."""
    for folder in folders:
        with suppress(OSError, UnicodeDecodeError):
            yield folder, (folder / OWNER).read_text()


def pools_of(trees: Path) -> Iterator[tuple[Path, str]]:
    """Yield the pools of warm work trees, with their owners' uids."""
    for folder in (trees / "idle").glob(f"*{_SEPARATOR}*"):
        yield folder, folder.name.partition(_SEPARATOR)[2]


def remove_pools(
    trees: Path, tenants: Collection[str], *, discard: Callable[[Path], object]
) -> None:
    """Remove the warm work trees of these tenants; those that are on loan come back to nothing."""
    for folder, owner in pools_of(trees):
        if owner in tenants:
            discard(folder)
