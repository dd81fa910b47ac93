"""Reads and writes URLs as Go's ``net/url`` does, quirks included.

What Kargo makes of a repository's address is what this package makes of it, so near enough is not
enough here: which addresses are errors, and how a path is escaped again, decides whether two
addresses are the same.

Source: Go ``net/url`` Parse and URL.String.
"""

import re
import string
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv6Address

from common.errors import InvalidError

_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
_UNRESERVED = f"{_LETTERS_AND_DIGITS}-_.~"
_PATH = frozenset(f"{_UNRESERVED}$&+,/:;=@".encode())
_USER = frozenset(f"{_UNRESERVED}$&+,;=".encode())
_FRAGMENT = frozenset(f"{_UNRESERVED}$&+,/:;=?@!()*".encode())
_HOST = frozenset(f"{_UNRESERVED}!$&'()*+,;=:[]<>\"".encode())
_LEFT_ALONE = frozenset(b"!$&'()*+,;=:@[]%")
_USER_ALLOWED = frozenset(f"{_LETTERS_AND_DIGITS}-._:~!$&'()*+,;=%@")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*(?=:)")
_PORT = re.compile(r"(?::[0-9]*)?")
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})?")
_ASCII_LIMIT = 0x80
_BAD_QUERY = re.compile(r";|%(?![0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class GoURL:
    """A URL in parts; with ``dataclasses.replace`` parts can be exchanged.

    Attributes:
        scheme: In lower case.
        opaque: What follows a scheme that no slash follows.
        user: ``name[:password]``, escaped; ``None`` if there is no ``@``.
        host: With the port.
        path: Unescaped.
        raw_path: As it was written; counts only while it says the same as ``path``.
        query: As it was written.
        has_query_mark: There is a ``?`` with nothing behind it.
        omits_host: A scheme is followed by one slash.
    """

    scheme: str = ""
    opaque: str = ""
    user: str | None = None
    host: str = ""
    path: str = ""
    raw_path: str = ""
    query: str = ""
    has_query_mark: bool = False
    omits_host: bool = False
    fragment: str = ""
    raw_fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without its port, and without the brackets of an IPv6 address."""
        name, colon, port = self.host.rpartition(":")
        bare = name if colon and not port.strip("0123456789") else self.host
        return bare[1:-1] if bare.startswith("[") and bare.endswith("]") else bare

    @property
    def has_parameters(self) -> bool:
        """Whether the query says anything that can be understood."""
        return any(part and not _BAD_QUERY.search(part) for part in self.query.split("&"))

    def __str__(self) -> str:
        scheme = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            return f"{scheme}{self.opaque}{self._tail()}"
        start = f"{scheme}{self._authority()}"
        return f"{start}{self._shown_path(start)}{self._tail()}"

    def _authority(self) -> str:
        if not self.scheme and not self.host and self.user is None:
            return ""
        if self._has_no_authority():
            return ""
        slashes = "//" if self.host or self.path or self.user is not None else ""
        user = "" if self.user is None else f"{self.user}@"
        return f"{slashes}{user}{_escaped(self.host, _HOST)}"

    def _has_no_authority(self) -> bool:
        return self.omits_host and not self.host and self.user is None

    def _shown_path(self, start: str) -> str:
        path = _shown(self.path, self.raw_path, _PATH)
        if self._has_no_authority() and path.startswith("//"):
            return f"%2F{path[1:]}"
        if path and not path.startswith("/") and self.host:
            return f"/{path}"
        if not start and ":" in path.partition("/")[0]:
            return f"./{path}"
        return path

    def _tail(self) -> str:
        query = f"?{self.query}" if self.query or self.has_query_mark else ""
        fragment = _shown(self.fragment, self.raw_fragment, _FRAGMENT)
        return f"{query}#{fragment}" if self.fragment else query


def parse_url(text: str) -> GoURL:
    """Return the parts of a URL, absolute or not.

    Raises:
        InvalidError: It is not a URL.
    """
    before, _, fragment = text.partition("#")
    if _CONTROL.search(before):
        raise _invalid(text)
    scheme, rest = _split_scheme(before)
    rest, mark, query = rest.partition("?")
    url = GoURL(
        scheme=scheme.lower(),
        query=query,
        has_query_mark=bool(mark) and not query,
        fragment=_unescaped(fragment),
        raw_fragment=fragment,
    )
    if scheme and not rest.startswith("/"):
        return replace(url, opaque=rest)
    if ":" in rest.partition("/")[0]:
        raise _invalid(text)
    if not rest.startswith("//") or (not scheme and rest.startswith("///")):
        path = _unescaped(rest)
        return replace(url, path=path, raw_path=rest, omits_host=bool(scheme))
    authority, slash, rest = rest[2:].partition("/")
    user, host = _split_authority(url.scheme, authority)
    path = _unescaped(slash + rest)
    return replace(url, user=user, host=host, path=path, raw_path=slash + rest)


def _split_scheme(text: str) -> tuple[str, str]:
    if text.startswith(":"):
        raise _invalid(text)
    match = _SCHEME.match(text)
    return (match[0], text[match.end() + 1 :]) if match else ("", text)


def _split_authority(scheme: str, text: str) -> tuple[str | None, str]:
    user, at, host = text.rpartition("@")
    host = _parsed_host(scheme, host)
    if not at:
        return None, host
    if not _USER_ALLOWED.issuperset(user):
        raise _invalid(text)
    name, colon, password = user.partition(":")
    shown = [_escaped(_unescaped(part), _USER) for part in (name, password)]
    return colon.join(shown) if colon else shown[0], host


def _parsed_host(scheme: str, host: str) -> str:
    if "[" in host:
        return _parsed_ip_literal(host)
    first = host.find(":")
    if first < 0:
        return _unescaped_host(host)
    # Only for the web are several colons an error; elsewhere the last one leads the port.
    start = first if scheme in {"http", "https"} else host.rfind(":")
    if _PORT.fullmatch(host, start) is None:
        raise _invalid(host)
    return _unescaped_host(host)


def _parsed_ip_literal(host: str) -> str:
    if host.rfind("[") > 0:
        raise _invalid(host)
    address, bracket, port = host[1:].rpartition("]")
    if not bracket or _PORT.fullmatch(port) is None:
        raise _invalid(host)
    before, mark, zone = address.partition("%25")
    plain = _unescaped_host(before) + (_unescaped_zone(mark + zone) if mark else "")
    _check_ip(plain)
    return f"[{plain}]{port}"


def _check_ip(address: str) -> None:
    number, percent, zone = address.partition("%")
    try:
        IPv6Address(number)
    except AddressValueError as error:
        raise _invalid(address) from error
    if percent and not zone:
        raise _invalid(address)


def _unescaped_host(host: str) -> str:
    raw = _bytes(host)
    for match in _ESCAPE.finditer(raw):
        # In a host only what is not ASCII may be escaped, and the percent sign itself.
        if match[1] is None or (int(match[1], 16) < _ASCII_LIMIT and match[0] != b"%25"):
            raise _invalid(host)
    if any(byte < _ASCII_LIMIT and byte not in _HOST and byte != ord("%") for byte in raw):
        raise _invalid(host)
    return _unescaped(host)


def _unescaped_zone(zone: str) -> str:
    raw = _bytes(zone)
    for match in _ESCAPE.finditer(raw):
        if match[1] is None:
            raise _invalid(zone)
        byte = int(match[1], 16)
        if match[0] != b"%25" and byte != ord(" ") and byte not in _HOST:
            raise _invalid(zone)
    if any(byte < _ASCII_LIMIT and byte not in _HOST and byte != ord("%") for byte in raw):
        raise _invalid(zone)
    return _unescaped(zone)


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text

    def byte(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            raise _invalid(text)
        return bytes((int(match[1], 16),))

    return _text(_ESCAPE.sub(byte, _bytes(text)))


def _escaped(text: str, allowed: frozenset[int]) -> str:
    raw = _bytes(text)
    return "".join(chr(byte) if byte in allowed else f"%{byte:02X}" for byte in raw)


def _shown(plain: str, raw: str, allowed: frozenset[int]) -> str:
    """Return ``raw`` if it is a proper escape of ``plain``, else the usual one."""
    is_proper = raw and all(byte in allowed or byte in _LEFT_ALONE for byte in _bytes(raw))
    if is_proper and _unescaped(raw) == plain:
        return raw
    return plain if plain == "*" else _escaped(plain, allowed)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", errors="surrogateescape")
    except UnicodeEncodeError as error:
        raise _invalid(text) from error


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="surrogateescape")


def _invalid(text: str) -> InvalidError:
    return InvalidError(f"{text!r} is not a URL, or part of one.")
