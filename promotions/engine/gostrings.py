"""Text operations that count bytes or case letters as Go's ``strings`` does."""

import re

_HALF = re.compile("[\ud800-\udfff]")


def lower(text: str) -> str:
    """Return the text in lower case, letter by letter: no final sigma, no letter becomes two."""
    return text.lower() if text.isascii() else "".join(char.lower()[:1] for char in text)


def size(text: str) -> int:
    """Return how many bytes the text has in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def valid(text: str) -> str:
    """Return the text as Go's encoders write it: what is no Unicode is U+FFFD, byte by byte."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


def storable(text: str) -> str:
    """Return :func:`valid` text without NUL characters, which PostgreSQL cannot hold either."""
    return valid(text).replace("\0", "\ufffd")


def utf8(text: str) -> bytes:
    """Return the bytes of :func:`valid` text."""
    return valid(text).encode()


def first_bytes(text: str, count: int) -> str:
    """Return the first ``count`` bytes; those of a character that was cut become U+FFFD each."""
    if text.isascii():
        return text[:count]
    beginning = text.encode(errors="surrogatepass")[:count]
    return valid(beginning.decode(errors="surrogateescape"))
