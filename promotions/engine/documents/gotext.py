"""How does Go print a value, where users have come to rely on it?

Source: Go ``fmt`` verb ``%v``, and ``strconv`` FormatFloat.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.expressions.values import format_float


def plain_text(value: JSONValue) -> str:
    """Return the value as ``%v`` prints it: ``true``, ``1.5``, ``<nil>``, ``[a b]``."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return format_float(value)
        case str() | int():
            return str(value)
        case _:
            return _collection_text(value)


def decimal_text(number: float) -> str:
    """Return a finite number without an exponent, with no more digits than it needs."""
    return f"{Decimal(repr(number)).normalize():f}"


def unicode_text(text: str) -> str:
    """Return the text, which can be written to a file as UTF-8.

    Raises:
        InvalidError: It holds half of a surrogate pair, which JSON can spell.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidError("the value is not valid Unicode text") from error
    return text


def _collection_text(value: Sequence[JSONValue] | Mapping[str, JSONValue]) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{key}:{plain_text(value[key])}" for key in sorted(value))
        return f"map[{' '.join(pairs)}]"
    return f"[{' '.join(map(plain_text, value))}]"
