"""Tells which addresses are of this very site."""

from urllib.parse import urljoin

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme


def own_address(path: str) -> str:
    """Return where everybody finds a page of ours, whatever host a request claims to be for."""
    return urljoin(str(settings.BASE_URL), path)


def is_own_page(address: str) -> bool:
    """Return whether an address, from wherever it comes, is a path on this very site.

    An address with a host is none, not even with our own: a request may say what that is.
    """
    return address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
