"""Decides what of an act is kept: no secrets, nothing that a database stores otherwise, no giants.

What is hashed must read the same ever after. PostgreSQL keeps JSON numbers as decimals, so that
``1e16`` comes back as a whole number, and takes no NUL.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from common.jsontypes import JSONValue
from common.redaction import MASK, is_secret_name, redact

MAX_BYTES = 256 * 1024
"""Most that ``before``, or ``after``, may hold; of what is larger a digest is kept."""

_LARGE_BYTES = 16 * 1024
_DEEPEST = 100
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_EXPRESSION = re.compile(r"\s*\$\{\{.*\}\}\s*", re.DOTALL)
_REFERENCE = re.compile(r"(ref|names?|types?|url|at)$", re.IGNORECASE)


def kept_text(text: str) -> str:
    """Return a text as the audit keeps it: with credentials masked."""
    return redact(_UNSTORABLE.sub("\ufffd", text))


def kept_facts(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return facts as the audit keeps them: plain JSON, secrets masked, of a bounded size."""
    if facts is None:
        return None
    settled = {kept_text(str(key)): _settled(it, name=str(key)) for key, it in facts.items()}
    if _size(settled) <= MAX_BYTES:
        return settled
    shorter = {key: _digest_of(it, over=_LARGE_BYTES) for key, it in settled.items()}
    return shorter if _size(shorter) <= MAX_BYTES else {"everything": _digest_of(settled, over=0)}


def _settled(value: object, *, name: str = "", depth: int = 0) -> JSONValue:
    match value:
        case None | bool() | int():
            return value
        case float():
            return _settled_number(value)
        case str():
            return _settled_text(value, name=name)
        case _:
            return _settled_whole(value, name=name, depth=depth)


def _settled_whole(value: object, *, name: str, depth: int) -> JSONValue:
    if depth > _DEEPEST:
        return "too deep to be kept"
    match value:
        case Mapping():
            return _settled_object(value, depth=depth)
        case list() | tuple() | set() | frozenset():
            return [_settled(item, name=name, depth=depth + 1) for item in value]
        case _:
            return kept_text(str(value))


def _settled_number(number: float) -> JSONValue:
    if not math.isfinite(number):
        return str(number)
    if number == 0:
        return 0.0
    text = repr(number)
    return int(Decimal(text)) if "e+" in text else number


def _settled_text(text: str, *, name: str) -> str:
    is_secret = bool(text) and is_secret_name(name) and not _REFERENCE.search(name)
    if is_secret and not _EXPRESSION.fullmatch(text):
        return MASK
    return kept_text(text)


def _settled_object(value: Mapping[Any, Any], *, depth: int) -> dict[str, JSONValue]:
    """Return an object; in one such as a header's, ``name`` says whether ``value`` is secret."""
    named = value.get("name")
    return {
        kept_text(str(key)): _settled(
            item, name=str(named) if key == "value" and named else str(key), depth=depth + 1
        )
        for key, item in value.items()
    }


def _digest_of(value: JSONValue, *, over: int) -> JSONValue:
    text = _json(value).encode()
    if len(text) <= over:
        return value
    return {"sizeBytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


def _size(value: JSONValue) -> int:
    return len(_json(value).encode())


def _json(value: JSONValue) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
