"""What may not be seen: takes secrets out of texts, URLs and JSON before people read them."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, quote_plus

from common.jsontypes import JSONValue

MASK = "******"
MIN_SECRET_LENGTH = 4
"""Anything shorter would mask half of every text."""

_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,30}://)[^/\s@'\"]+@", re.IGNORECASE)
_HEADER = re.compile(r"\b(?P<scheme>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"pass(word|phrase)?$|secret|token|credential|authorization|api_?key|private_?key|signing_?key"
    r"|cookie",
    re.IGNORECASE,
)


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without the secrets, in any of their usual encodings.

    User information in URLs and ``Bearer``/``Basic`` credentials are masked as well.
    """
    for form in sorted(_forms(secrets), key=len, reverse=True):
        text = text.replace(form, MASK)
    text = _USERINFO.sub(rf"\g<scheme>{MASK}@", text)
    return _HEADER.sub(rf"\g<scheme> {MASK}", text)


def redact_json(value: JSONValue, *, secrets: Iterable[str] = ()) -> JSONValue:
    """Return ``value`` with every string in it redacted; keys stay."""
    known = tuple(secrets)
    if isinstance(value, str):
        return redact(value, secrets=known)
    if isinstance(value, Mapping):
        return {key: redact_json(item, secrets=known) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [redact_json(item, secrets=known) for item in value]
    return value


def mask_secret_fields(value: JSONValue) -> JSONValue:
    """Return ``value`` with what stands under names such as ``password`` masked."""
    if isinstance(value, Mapping):
        return {
            key: MASK if item and is_secret_name(key) else mask_secret_fields(item)
            for key, item in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [mask_secret_fields(item) for item in value]
    return value


def is_secret_name(name: str) -> bool:
    """Return whether a field, header or variable of this name usually holds a secret."""
    return _SECRET_NAME.search(name.replace("-", "_")) is not None


def _forms(secrets: Iterable[str]) -> set[str]:
    """Return each secret as it is, URL-encoded and in base64."""
    forms: set[str] = set()
    for secret in secrets:
        if len(secret.strip()) >= MIN_SECRET_LENGTH:
            forms |= {secret, secret.strip(), quote(secret, safe=""), quote_plus(secret)}
            forms.add(base64.b64encode(secret.encode()).decode())
    return forms
