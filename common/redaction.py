"""What may not be seen: takes secrets out of texts, URLs and JSON before people read them.

While a block of :func:`noting_secrets` runs, it remembers the secrets that are handed out in it;
whatever is redacted in it is redacted of those too, wherever in the program that happens.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from common.jsontypes import JSONValue
from common.secret_forms import MIN_SECRET_LENGTH, forms_of, numbers_of, parts_of

__all__ = [
    "MASK",
    "MIN_SECRET_LENGTH",
    "is_secret_name",
    "mask_json",
    "mask_secret_fields",
    "mask_secrets",
    "note_secrets",
    "noted_secrets",
    "noting_secrets",
    "redact",
    "redact_json",
]

MASK = "******"

_USERINFO = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,30}://)[^/\s@'\"]+@", re.IGNORECASE)
_HEADER = re.compile(r"\b(?P<scheme>bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"pass(word|phrase)?$|secret|token|credential|authorization|api_?key|private_?key|signing_?key"
    r"|cookie",
    re.IGNORECASE,
)


class _Known:
    """Secrets, and the forms to look for, worked out when first needed."""

    __slots__ = ("_forms", "_numbers", "secrets")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets: set[str] = set()
        self._forms: list[str] | None = None
        self._numbers: frozenset[float] = frozenset()
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        new = {it for it in secrets if it} - self.secrets
        if new:
            self.secrets |= new
            self._forms = None

    @property
    def forms(self) -> list[str]:
        if self._forms is None:
            everything = self.secrets.union(*map(parts_of, self.secrets))
            self._forms = forms_of(everything)
            self._numbers = numbers_of(everything)
        return self._forms

    def mask(self, text: str) -> str:
        for form in self.forms:
            text = text.replace(form, MASK)
        return text

    def is_number(self, value: float) -> bool:
        """Return whether a number is a secret, or is spelled like one."""
        if not self.forms:
            return False
        text = str(value)
        return self.mask(text) != text or value in self._numbers


_noted: ContextVar[_Known | None] = ContextVar("noted_secrets", default=None)


@contextmanager
def noting_secrets() -> Iterator[None]:
    """Remember the secrets that are handed out in the block; inside another one, it does."""
    if _noted.get() is not None:
        yield
        return
    token = _noted.set(_Known())
    try:
        yield
    finally:
        _noted.reset(token)


def note_secrets(secrets: Iterable[str]) -> None:
    """Say that these were handed out; outside a block of :func:`noting_secrets` nobody listens."""
    known = _noted.get()
    if known is not None:
        known.add(secrets)


def noted_secrets() -> frozenset[str]:
    """Return what was handed out in this block so far."""
    known = _noted.get()
    return frozenset(known.secrets) if known is not None else frozenset()


def mask_secrets(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without the secrets, given or noted, in any of their usual encodings.

    For what leaves the platform and is otherwise to stay as it is, such as a commit message.
    """
    return _known(secrets).mask(text)


def mask_json(value: JSONValue, *, secrets: Iterable[str] = ()) -> JSONValue:
    """Return ``value`` without the secrets, given or noted, in texts, keys and numbers.

    For what programs read: what merely looks like a credential, such as ``ssh://git@host``, stays.
    """
    known = _known(secrets)
    return _masked_json(value, known.mask, known)


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """Return ``text`` without the secrets, given or noted, in any of their usual encodings.

    User information in URLs and ``Bearer``/``Basic`` credentials are masked as well.
    """
    return _redacted(text, _known(secrets))


def redact_json(value: JSONValue, *, secrets: Iterable[str] = ()) -> JSONValue:
    """Return ``value`` with every string in it redacted, and numbers that are secrets masked.

    Keys are masked where they hold a secret that is known.
    """
    known = _known(secrets)
    return _masked_json(value, lambda text: _redacted(text, known), known)


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


def _known(secrets: Iterable[str]) -> _Known:
    given = set(secrets)
    noted = _noted.get()
    if noted is None or given:
        return _Known(given | (noted.secrets if noted else set()))
    return noted


def _redacted(text: str, known: _Known) -> str:
    text = _USERINFO.sub(rf"\g<scheme>{MASK}@", known.mask(text))
    return _HEADER.sub(rf"\g<scheme> {MASK}", text)


def _masked_json(value: JSONValue, mask: Callable[[str], str], known: _Known) -> JSONValue:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {known.mask(key): _masked_json(it, mask, known) for key, it in value.items()}
    if isinstance(value, Sequence):
        return [_masked_json(item, mask, known) for item in value]
    if value is None or isinstance(value, bool):
        return value
    return MASK if known.is_number(value) else value
