"""Which addresses and names may be handed to Git at all?

An allow-list: what is not understood is refused. Git is told the same again by
``GIT_ALLOW_PROTOCOL`` and ``--end-of-options``; neither is relied on alone.
"""

import re
from urllib.parse import urlsplit

from promotions.ports.git import RefusedRefError, RefusedURLError

_LONGEST = 2048
_WEB = frozenset({"http", "https"})
_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_SCP = re.compile(r"(?:[\w][\w.-]*@)?[A-Za-z0-9][\w.-]*:(?![/\\]{2})[^-\s][^\s]*", re.ASCII)
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def check_url(url: str, *, allow_local: bool) -> str:
    """Return ``url`` without user information if Git may be given it.

    Raises:
        RefusedURLError: It may not; the message says what would do.
    """
    if not url or len(url) > _LONGEST or _UNPRINTABLE.search(url):
        raise RefusedURLError("The repository URL is empty, too long or contains blanks.")
    if url.startswith("-") or _HELPER.match(url):
        raise RefusedURLError(f'"{_shown(url)}" is not a repository URL; write https://host/path.')
    scheme = url.partition("://")[0].lower() if "://" in url else ""
    if scheme == "file" or url.startswith("/"):
        return _local(url, allow_local=allow_local)
    if scheme in _WEB or scheme == "ssh":
        return _remote(url, scheme=scheme)
    if not scheme and _SCP.fullmatch(url):
        return url
    raise RefusedURLError(f'"{_shown(url)}" is not a repository URL; write https://host/path.')


def check_ref_name(name: str) -> str:
    """Return ``name`` if Git could have a branch or tag of that name.

    Raises:
        RefusedRefError: It could not.

    Source: git-check-ref-format(1), less a leading dash, which it leaves to the callers.
    """
    parts = name.split("/")
    bad = (
        not name
        or len(name) > _LONGEST
        or name in {"@", "HEAD"}
        or name.startswith(("-", "/"))
        or name.endswith(("/", "."))
        or _BAD_IN_REF.search(name) is not None
        or any(part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if bad:
        raise RefusedRefError(f'"{name[:200]}" cannot be the name of a Git branch or tag.')
    return name


def is_commit_id(text: str) -> bool:
    """Tell whether ``text`` is a full commit id."""
    return _COMMIT.fullmatch(text) is not None


def is_local(url: str) -> bool:
    """Tell whether ``url`` names a repository on this host's file system."""
    return url.startswith("/") or url.lower().startswith("file://")


def _local(url: str, *, allow_local: bool) -> str:
    if not allow_local:
        raise RefusedURLError("Repositories on the local file system are not allowed here.")
    return url


def _remote(url: str, *, scheme: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise RefusedURLError(f'"{_shown(url)}" is not a repository URL.') from error
    user = parts.username or ""
    if not _HOST.fullmatch(host) or user.startswith("-"):
        raise RefusedURLError(f'"{_shown(url)}" names no valid host.')
    address = parts.netloc.rpartition("@")[2]
    if scheme == "ssh" and user:
        address = f"{user}@{address}"
    return parts._replace(netloc=address).geturl()


def _shown(url: str) -> str:
    """Return ``url`` without what may be a password, for a message."""
    return re.sub(r"//[^/@]*@", "//", url)[:200]
