"""Builtins on strings. Positions are bytes, as in Go."""

from collections.abc import Callable, Sequence

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.operators import LONGEST_TEXT
from promotions.engine.expressions.values import Function, as_int, as_sequence, as_text

_LARGEST_REPEAT = 1_000_000
_SPACE = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def _trim(arguments: Sequence[object]) -> object:
    cut = as_text(arguments[1]) if len(arguments) > 1 else _SPACE
    return as_text(arguments[0]).strip(cut) if cut else as_text(arguments[0])


def _trim_prefix(arguments: Sequence[object]) -> object:
    prefix = as_text(arguments[1]) if len(arguments) > 1 else " "
    return as_text(arguments[0]).removeprefix(prefix)


def _trim_suffix(arguments: Sequence[object]) -> object:
    suffix = as_text(arguments[1]) if len(arguments) > 1 else " "
    return as_text(arguments[0]).removesuffix(suffix)


def _each(convert: Callable[[str], str], text: str) -> str:
    """Map each character on its own: Go has no rule that makes one character two."""
    changed = ((char, convert(char)) for char in text)
    return "".join(new if len(new) == 1 else char for char, new in changed)


def _upper(arguments: Sequence[object]) -> object:
    return _each(str.upper, as_text(arguments[0]))


def _lower(arguments: Sequence[object]) -> object:
    return _each(str.lower, as_text(arguments[0]))


def _pieces(text: str, separator: str, limit: int) -> list[str]:
    if limit == 0:
        return []
    if separator:
        return text.split(separator, -1 if limit < 0 else limit - 1)
    if limit < 0 or limit >= len(text):
        return list(text)
    return [*text[: limit - 1], text[limit - 1 :]]


def _split(arguments: Sequence[object]) -> object:
    limit = as_int(arguments[2]) if len(arguments) > 2 else -1  # noqa: PLR2004  the optional third
    return list(_pieces(as_text(arguments[0]), as_text(arguments[1]), limit))


def _split_after(arguments: Sequence[object]) -> object:
    limit = as_int(arguments[2]) if len(arguments) > 2 else -1  # noqa: PLR2004  the optional third
    separator = as_text(arguments[1])
    pieces = _pieces(as_text(arguments[0]), separator, limit)
    return [*(f"{piece}{separator}" for piece in pieces[:-1]), *pieces[-1:]]


def _replace(arguments: Sequence[object]) -> object:
    text, old, new = (as_text(it) for it in arguments[:3])
    limit = as_int(arguments[3]) if len(arguments) > 3 else -1  # noqa: PLR2004  the optional fourth
    times = text.count(old) if limit < 0 else min(limit, text.count(old))
    if len(text) + times * (len(new) - len(old)) > LONGEST_TEXT:
        raise OperandError("memory budget exceeded")
    return text.replace(old, new, limit if limit >= 0 else -1)


def _repeat(arguments: Sequence[object]) -> object:
    text, times = as_text(arguments[0]), as_int(arguments[1])
    if times < 0:
        raise OperandError(f"invalid argument for repeat (expected positive integer, got {times})")
    if times > _LARGEST_REPEAT or len(text) * times > LONGEST_TEXT:
        raise OperandError("memory budget exceeded")
    return text * times


def _join(arguments: Sequence[object]) -> object:
    glue = as_text(arguments[1]) if len(arguments) > 1 else ""
    return glue.join(as_text(item) for item in as_sequence(arguments[0]))


def _index_of(arguments: Sequence[object]) -> object:
    return _raw(arguments[0]).find(_raw(arguments[1]))


def _last_index_of(arguments: Sequence[object]) -> object:
    return _raw(arguments[0]).rfind(_raw(arguments[1]))


def _has_prefix(arguments: Sequence[object]) -> object:
    return as_text(arguments[0]).startswith(as_text(arguments[1]))


def _has_suffix(arguments: Sequence[object]) -> object:
    return as_text(arguments[0]).endswith(as_text(arguments[1]))


def _raw(value: object) -> bytes:
    return as_text(value).encode(errors="surrogateescape")


_S, _I, _A = "string", "int", "array"

FUNCTIONS = (
    Function("trim", _trim, 1, 2, (_S, _S)),
    Function("trimPrefix", _trim_prefix, 1, 2, (_S, _S)),
    Function("trimSuffix", _trim_suffix, 1, 2, (_S, _S)),
    Function("upper", _upper, 1, 1, (_S,)),
    Function("lower", _lower, 1, 1, (_S,)),
    Function("split", _split, 2, 3, (_S, _S, _I)),
    Function("splitAfter", _split_after, 2, 3, (_S, _S, _I)),
    Function("replace", _replace, 3, 4, (_S, _S, _S, _I)),
    Function("repeat", _repeat, 2, 2, (_S, _I)),
    Function("join", _join, 1, 2, (_A, _S)),
    Function("indexOf", _index_of, 2, 2, (_S, _S)),
    Function("lastIndexOf", _last_index_of, 2, 2, (_S, _S)),
    Function("hasPrefix", _has_prefix, 2, 2, (_S, _S)),
    Function("hasSuffix", _has_suffix, 2, 2, (_S, _S)),
)
