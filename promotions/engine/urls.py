"""Normal forms of repository URLs, for comparing them.

Source: Kargo ``pkg/urls``.
"""

import re
from urllib.parse import quote

from promotions.engine.references import DOCKER_HUB, parse_reference

_WEB = ("http://", "https://")
_SSH = "ssh://"
_SCP = re.compile(r"((?:[\w-]+@)?[\w-]+(?:\.[\w-]+)*)(?::(.*))?", re.ASCII)
_HOST = re.compile(r"(?:[^\s/?#@:<>\"\\^`{|}]*|\[[0-9a-f:.%]+\])(?::\d*)?")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-f]{2})")
_PATH_SAFE = "%/:@!$&'()*+,;=-._~"


def sanitise(url: str) -> str:
    """Drop what does not print (byte-order marks, zero-width and control characters), and trim."""
    return "".join(char for char in url if char.isprintable()).strip()


def normalise_git_url(url: str) -> str:
    """Return the normal form of a Git URL; what cannot be understood comes back as it was.

    ``https://user@GitHub.com/a/b.git/`` and ``https://github.com/a/b`` are the same repository;
    ``git@host:path`` becomes ``ssh://git@host/path``.
    """
    clean = sanitise(url).lower()
    if clean.startswith(_WEB):
        scheme, _, rest = clean.partition("://")
        return _normal_hierarchical(scheme, rest, keep_user=False) or url
    if clean.startswith(_SSH):
        return _normal_hierarchical("ssh", clean.removeprefix(_SSH), keep_user=True) or url
    scp = _SCP.fullmatch(clean)
    if scp is None:
        return url
    path = _trimmed_path(scp[2] or "")
    return f"{_SSH}{scp[1]}/{path}" if path else f"{_SSH}{scp[1]}"


def normalise_image_url(url: str) -> str:
    """Return the normal form of an image repository: no tag, no digest, no Docker Hub prefix."""
    clean = sanitise(url).lower()
    reference = parse_reference(clean)
    if reference is None:
        return clean
    if reference.registry == DOCKER_HUB:
        return reference.repository.removeprefix("library/")
    return f"{reference.registry}/{reference.repository}"


def normalise_chart_url(url: str) -> str:
    """Return the normal form of a chart repository; HTTP addresses are only lower-cased."""
    return normalise_image_url(sanitise(url).lower().removeprefix("oci://"))


def _normal_hierarchical(scheme: str, rest: str, *, keep_user: bool) -> str | None:
    before_fragment, hash_mark, fragment = rest.partition("#")
    before_query, question, query = before_fragment.partition("?")
    authority, slash, path = before_query.partition("/")
    user, at, host = authority.rpartition("@")
    if query or _HOST.fullmatch(host) is None or _BAD_ESCAPE.search(path):
        return None
    shown_user = f"{user}{at}" if keep_user else ""
    if not (host or shown_user or path):
        return f"{scheme}:"
    tail = quote(_trimmed_path(slash + path), safe=_PATH_SAFE)
    return f"{scheme}://{shown_user}{host}{tail}{question}{hash_mark}{fragment}"


def _trimmed_path(path: str) -> str:
    return path.removesuffix("/").removesuffix(".git")
