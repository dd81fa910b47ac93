"""Parses the addresses that metrics name, and says of what is none why, in Go's words.

Source: Go ``net/url`` parse, parseAuthority, parseHost and unescape.
"""

import re

from common.errors import InvalidError
from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.engine.goquote import go_quote
from promotions.engine.gourl import GoURL, parse_url

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_ESCAPE = re.compile(r"%(?:[0-9a-fA-F]{2})?")
_SHOWN_ESCAPE = 3
_PORT = re.compile(r"(?::[0-9]*)?")
_USER = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_NOT_IN_HOST = re.compile(r"[\x00-\x20\"<>\\^`{|}/?#@\x7f]")


def parse_address(url: str) -> GoURL:
    """Return the parts of a URL.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        return parse_url(url)
    except InvalidError as error:
        before, _, fragment = url.partition("#")
        problem, shown = _problem(before), before
        if not problem:
            problem, shown = _escape_problem(fragment) or str(error), url
        raise ConfigurationError(f"parse {go_quote(shown)}: {problem}") from error


def _problem(text: str) -> str:
    if _CONTROL.search(text):
        return "net/url: invalid control character in URL"
    if text.startswith(":"):
        return "missing protocol scheme"
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() if scheme else 0 :].partition("?")[0]
    if not rest.startswith("//"):
        if not scheme and ":" in rest.partition("/")[0]:
            return "first path segment in URL cannot contain colon"
        return _escape_problem(rest)
    authority, _, path = rest[2:].partition("/")
    return _authority_problem(authority) or _escape_problem(path)


def _authority_problem(authority: str) -> str:
    user, _, host = authority.rpartition("@")
    name, bracket, port = host.rpartition("]") if host.startswith("[") else host.partition(":")
    if host.startswith("[") and not bracket:
        return "missing ']' in host"
    shown = port if host.startswith("[") else f"{bracket}{port}"
    if _PORT.fullmatch(shown) is None:
        return f"invalid port {go_quote(shown)} after host"
    if problem := _escape_problem(name):
        return problem
    if bad := _NOT_IN_HOST.search(name):
        return f"invalid character {go_quote(bad[0])} in host name"
    return "" if _USER.fullmatch(user) else "net/url: invalid userinfo"


def _escape_problem(text: str) -> str:
    for escape in _ESCAPE.finditer(text):
        if len(escape[0]) < _SHOWN_ESCAPE:
            start = escape.start()
            return f"invalid URL escape {go_quote(text[start : start + _SHOWN_ESCAPE])}"
    return ""
