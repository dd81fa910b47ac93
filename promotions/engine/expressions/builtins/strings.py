"""Builtins on strings. Positions are bytes, as in Go."""

from collections.abc import Callable, Sequence

from promotions.engine.expressions.builtins.declarations import Declaration, overloaded
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.lexer import WHITE_SPACE
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import ARRAY, BOOL, INT, STRING, STRINGS
from promotions.engine.expressions.values import (
    NIL_STRINGS,
    TypedArray,
    as_int,
    as_text,
    from_raw,
    raw_bytes,
    type_name,
)

_LARGEST_REPEAT = 1_000_000
_JOINABLE = ("[]interface {}", "[]string")
_REPLACEMENT = "\ufffd"
_BROKEN = _REPLACEMENT + "".join(map(chr, range(0xDC80, 0xDD00)))
"""To Go's Trim, every byte that is not UTF-8 is the same character."""

_LIMIT_OF_SPLIT = 2
_LIMIT_OF_REPLACE = 3


def _trim(arguments: Sequence[object], meter: Meter) -> object:
    text = as_text(arguments[0])
    meter.spend_text(len(text))
    cut = as_text(arguments[1]) if len(arguments) > 1 else WHITE_SPACE
    if not cut.isascii() and any(char in _BROKEN for char in cut):
        cut += _BROKEN
    return text.strip(cut) if cut else text


def _affix(arguments: Sequence[object]) -> tuple[bytes, bytes]:
    affix = as_text(arguments[1]) if len(arguments) > 1 else " "
    return raw_bytes(as_text(arguments[0])), raw_bytes(affix)


def _trim_prefix(arguments: Sequence[object], meter: Meter) -> object:
    text, prefix = _affix(arguments)
    meter.spend_text(len(text))
    return from_raw(text.removeprefix(prefix))


def _trim_suffix(arguments: Sequence[object], meter: Meter) -> object:
    text, suffix = _affix(arguments)
    meter.spend_text(len(text))
    return from_raw(text.removesuffix(suffix))


def _upper(arguments: Sequence[object], meter: Meter) -> object:
    text = as_text(arguments[0])
    meter.spend_text(len(text))
    return text.upper() if text.isascii() else _each(_upper_character, text, meter)


def _lower(arguments: Sequence[object], meter: Meter) -> object:
    text = as_text(arguments[0])
    meter.spend_text(len(text))
    return text.lower() if text.isascii() else _each(_lower_character, text, meter)


def _each(convert: Callable[[str], str], text: str, meter: Meter) -> str:
    """Map each character on its own; as in Go, bytes that are not UTF-8 do not survive that."""
    meter.spend(len(text))
    return "".join(_REPLACEMENT if "\udc80" <= it <= "\udcff" else convert(it) for it in text)


def _upper_character(char: str) -> str:
    """Return the one character that is the upper case of another, or the same."""
    return next((it for it in (char.upper(), char.title()) if len(it) == 1), char)


def _lower_character(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else lower[0]


def _pieces(text: str, separator: str, limit: int) -> list[str]:
    if limit == 0:
        return []
    if separator:
        most = -1 if limit < 0 else limit - 1
        return [from_raw(it) for it in raw_bytes(text).split(raw_bytes(separator), most)]
    if limit < 0 or limit >= len(text):
        return list(text)
    return [*text[: limit - 1], text[limit - 1 :]]


def _split_arguments(arguments: Sequence[object], meter: Meter) -> tuple[list[str], str, int]:
    """Return the pieces, the separator, and how many pieces were asked for, negative for all."""
    text, separator = as_text(arguments[0]), as_text(arguments[1])
    limit = as_int(arguments[2]) if len(arguments) > _LIMIT_OF_SPLIT else -1
    meter.spend_text(len(text))
    pieces = _pieces(text, separator, limit)
    meter.spend(len(pieces))
    return pieces, separator, limit


def _texts(pieces: list[str], limit: int) -> object:
    """Return a ``[]string``, which is nil where no piece at all was asked for."""
    return TypedArray(pieces, "string") if limit else NIL_STRINGS


def _split(arguments: Sequence[object], meter: Meter) -> object:
    pieces, _, limit = _split_arguments(arguments, meter)
    return _texts(pieces, limit)


def _split_after(arguments: Sequence[object], meter: Meter) -> object:
    pieces, separator, limit = _split_arguments(arguments, meter)
    kept = [f"{piece}{separator}" for piece in pieces[:-1]]
    return _texts([*kept, *pieces[-1:]], limit)


def _replace(arguments: Sequence[object], meter: Meter) -> object:
    text, old, new = (as_text(it) for it in arguments[:3])
    limit = as_int(arguments[3]) if len(arguments) > _LIMIT_OF_REPLACE else -1
    if old == "":
        meter.spend_text(len(text) + (len(text) + 1) * len(new))
        return text.replace(old, new, max(limit, -1))
    raw, raw_old, raw_new = map(raw_bytes, (text, old, new))
    times = raw.count(raw_old) if limit < 0 else min(limit, raw.count(raw_old))
    meter.spend_text(len(raw) + times * len(raw_new))
    return from_raw(raw.replace(raw_old, raw_new, max(limit, -1)))


def _repeat(arguments: Sequence[object], meter: Meter) -> object:
    raw, times = raw_bytes(as_text(arguments[0])), as_int(arguments[1])
    if times < 0:
        raise OperandError(f"invalid argument for repeat (expected positive integer, got {times})")
    if times > _LARGEST_REPEAT:
        raise OperandError("memory budget exceeded")
    meter.allocate(len(raw) * times)
    return from_raw(raw * times)


def _join(arguments: Sequence[object], meter: Meter) -> object:
    items, glue = arguments[0], raw_bytes(as_text(arguments[1]) if len(arguments) > 1 else "")
    if not isinstance(items, (list, tuple)) or type_name(items) not in _JOINABLE:
        raise OperandError(f"invalid argument for join (type {type_name(items)})")
    meter.spend(len(items))
    pieces = [raw_bytes(as_text(item)) for item in items]
    meter.spend_text(sum(map(len, pieces)) + len(glue) * len(pieces))
    return from_raw(glue.join(pieces))


def _on_bytes(test: Callable[[bytes, bytes], int | bool]) -> Callable[..., object]:  # type: ignore[explicit-any]  # a Call
    def call(arguments: Sequence[object], meter: Meter) -> object:
        text, part = (raw_bytes(as_text(it)) for it in arguments)
        meter.spend_text(len(text))
        return test(text, part)

    return call


FUNCTIONS: tuple[Declaration, ...] = (
    overloaded("trim", _trim, STRING, (STRING,), (STRING, STRING)),
    overloaded("trimPrefix", _trim_prefix, STRING, (STRING, STRING), (STRING,)),
    overloaded("trimSuffix", _trim_suffix, STRING, (STRING, STRING), (STRING,)),
    overloaded("upper", _upper, STRING, (STRING,)),
    overloaded("lower", _lower, STRING, (STRING,)),
    overloaded("split", _split, STRINGS, (STRING, STRING), (STRING, STRING, INT)),
    overloaded("splitAfter", _split_after, STRINGS, (STRING, STRING), (STRING, STRING, INT)),
    overloaded(
        *("replace", _replace, STRING),
        *((STRING, STRING, STRING, INT), (STRING, STRING, STRING)),
    ),
    overloaded("repeat", _repeat, STRING, (STRING, INT)),
    overloaded("join", _join, STRING, (STRINGS, STRING), (ARRAY, STRING), (ARRAY,), (STRINGS,)),
    overloaded("indexOf", _on_bytes(bytes.find), INT, (STRING, STRING)),
    overloaded("lastIndexOf", _on_bytes(bytes.rfind), INT, (STRING, STRING)),
    overloaded("hasPrefix", _on_bytes(bytes.startswith), BOOL, (STRING, STRING)),
    overloaded("hasSuffix", _on_bytes(bytes.endswith), BOOL, (STRING, STRING)),
)
