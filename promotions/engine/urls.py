"""Normal forms of repository URLs, for comparing them.

Source: Kargo ``pkg/urls``.
"""

import re
from dataclasses import replace

from common.errors import InvalidError
from promotions.engine import gostrings
from promotions.engine.gourl import GoURL, parse_url
from promotions.engine.references import DOCKER_HUB, DOCKER_HUB_DIRECT, parse_reference

_WEB = ("http://", "https://")
_SSH = "ssh://"
_SCP = re.compile(r"((?:[\w-]+@)?[\w-]+(?:\.[\w-]+)*)(?::(.*))?", re.ASCII)


def sanitise(url: str) -> str:
    """Drop what does not print (byte-order marks, zero-width and control characters), and trim."""
    return "".join(char for char in url if char.isprintable()).strip()


def normalise_git_url(url: str) -> str:
    """Return the normal form of a Git URL; what cannot be understood comes back as it was.

    ``https://user@GitHub.com/a/b.git/`` and ``https://github.com/a/b`` are the same repository;
    ``git@host:path`` becomes ``ssh://git@host/path``.
    """
    clean = _cleaned(url)
    try:
        if clean.startswith((*_WEB, _SSH)):
            return _normal_hierarchical(clean) or url
        scp = _SCP.fullmatch(clean)
        return url if scp is None else _normal_scp(scp[1], scp[2] or "")
    except InvalidError:
        return url


def normalise_image_url(url: str) -> str:
    """Return the normal form of an image repository: no tag, no digest, no Docker Hub prefix."""
    clean = _cleaned(url)
    reference = parse_reference(clean)
    if reference is None:
        return clean
    if reference.registry in {DOCKER_HUB, DOCKER_HUB_DIRECT}:
        return reference.repository.removeprefix("library/")
    return f"{reference.registry}/{reference.repository}"


def normalise_chart_url(url: str) -> str:
    """Return the normal form of a chart repository; HTTP addresses are only lower-cased."""
    return normalise_image_url(_cleaned(url).removeprefix("oci://"))


def _cleaned(url: str) -> str:
    return sanitise(gostrings.lower(url))


def _normal_hierarchical(url: str) -> str:
    """Return the normal form of a URL with a scheme; nothing if it has a query."""
    parts = parse_url(url)
    if parts.has_parameters:
        return ""
    user = parts.user if url.startswith(_SSH) else None
    return str(replace(parts, user=user, path=_trimmed(parts)))


def _normal_scp(user_and_host: str, path: str) -> str:
    parts = parse_url(path)
    trimmed = _trimmed(parts)
    if not trimmed:
        return f"{_SSH}{user_and_host}"
    return f"{_SSH}{user_and_host}/{replace(parts, path=trimmed)}"


def _trimmed(parts: GoURL) -> str:
    return parts.path.removesuffix("/").removesuffix(".git")
