"""In which other shapes does a secret turn up: encoded, escaped, in parts, as a number?"""

import base64
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

from common.jsontypes import JSONValue

MIN_SECRET_LENGTH = 4
"""Anything shorter would mask half of every text."""

_SHORTEST_LINE = 8
"""Shorter lines of a secret are braces and the like."""
_SHORTEST_BASE64 = 6
_ARMOUR = "-----"
_WORDS = frozenset({"true", "false", "null", "none"})
_MOST_PARTS = 1_000


def parts_of(secret: str) -> set[str]:
    """Return the pieces of a secret that are secrets by themselves.

    Those are its lines, as tools print keys line by line, and, if it is JSON, the values in it, as
    an expression that comes to JSON becomes an object.
    """
    lines = {line.strip() for line in secret.splitlines()} if "\n" in secret else set()
    pieces = {it for it in lines if len(it) >= _SHORTEST_LINE and not it.startswith(_ARMOUR)}
    if secret.lstrip()[:1] in {"{", "["}:
        pieces |= set(_leaves(secret))
    return set(sorted(pieces, key=len, reverse=True)[:_MOST_PARTS])


def forms_of(secrets: Iterable[str]) -> list[str]:
    """Return each secret as it is, escaped for JSON, URL-encoded and in base64, longest first.

    In base64 also where it is part of what was encoded, such as ``user:password``. Secrets shorter
    than ``MIN_SECRET_LENGTH`` have none, nor have ``true``, ``false`` and ``null``.
    """
    forms: set[str] = set()
    for secret in secrets:
        text = secret.strip()
        if len(text) >= MIN_SECRET_LENGTH and text.lower() not in _WORDS:
            forms |= {secret, text}
            for whole in {secret, text}:
                forms |= {*_escaped(whole), *_url_encoded(whole), *_base64(whole)}
    return sorted(forms, key=lambda it: (-len(it), it))


def numbers_of(secrets: Iterable[str]) -> frozenset[float]:
    """Return the numbers that secrets read as: an expression that comes to one is one."""
    return frozenset(
        number
        for secret in secrets
        if len(secret.strip()) >= MIN_SECRET_LENGTH
        for number in _number(secret.strip())
    )


def _number(text: str) -> Iterator[float]:
    try:
        number = float(text)
    except ValueError:
        return
    if math.isfinite(number):
        yield number


def _leaves(text: str) -> Iterator[str]:
    try:
        document: JSONValue = json.loads(text)
    except (ValueError, RecursionError):
        return
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, Sequence):
            waiting.extend(value)
        elif value is not None and not isinstance(value, bool):
            yield json.dumps(value)


def _escaped(text: str) -> Iterator[str]:
    """Yield the text as it stands inside the quotes of a JSON string, by Python and by Go."""
    for plain in (True, False):
        inner = json.dumps(text, ensure_ascii=plain)[1:-1]
        yield inner
        yield inner.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _url_encoded(text: str) -> Iterator[str]:
    raw = text.encode(errors="surrogatepass")
    for encoded in (quote(raw, safe=""), quote_plus(raw), quote(raw)):
        yield encoded
        yield _lower_escapes(encoded)


def _lower_escapes(encoded: str) -> str:
    """Return ``%2f`` for ``%2F``."""
    head, *escapes = encoded.split("%")
    return "%".join([head, *(f"{it[:2].lower()}{it[2:]}" for it in escapes)])


def _base64(text: str) -> Iterator[str]:
    raw = text.encode(errors="surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        for offset in range(3):
            shifted = encode(b"\0" * offset + raw).decode()
            core = shifted[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
            if len(core) >= _SHORTEST_BASE64:
                yield core
