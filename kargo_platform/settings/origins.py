"""Reads the origins of pages that may call the REST API from elsewhere."""

import re
from collections.abc import Iterable

from django.core.exceptions import ImproperlyConfigured

_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?"
)
_OWN_PORT = re.compile(r"https://.*:443|http://.*:80")


def exact_origins(given: Iterable[str], *, setting: str) -> frozenset[str]:
    """Return origins as browsers write them: scheme, host, and a port that is not the scheme's own.

    Args:
        given: What an operator wrote.
        setting: Where; it is named in errors.

    Raises:
        ImproperlyConfigured: One is no exact origin: it has a wildcard, a path or capitals, or is
            ``null``.

    Source: RFC 6454 section 6.2, the ASCII serialization of an origin.
    """
    origins = frozenset(given)
    for origin in origins:
        if _ORIGIN.fullmatch(origin) is None or _OWN_PORT.fullmatch(origin):
            raise ImproperlyConfigured(
                f'"{origin}" in {setting} is no exact origin: write https://<host> or'
                " https://<host>:<port> in small letters, without a path, a wildcard or the"
                " scheme's own port."
            )
    return origins
