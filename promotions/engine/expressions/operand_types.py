"""Which types the operators take, and what they give, before anything is evaluated.

Source: https://github.com/expr-lang/expr ``checker`` unaryNode and binaryNode.
"""

from collections.abc import Callable

from promotions.engine.expressions.natures import (
    BOOL,
    BYTES,
    DURATION,
    FLOAT,
    INT,
    NIL,
    STRING,
    TIME,
    UNKNOWN,
    Kind,
    Nature,
    array_of,
)

Check = Callable[[Nature], bool]
Rule = Callable[[Nature, Nature], Nature | None]


def unary_result(operator: str, operand: Nature) -> Nature | None:
    """Return the nature of an operator applied to one value; ``None`` if it cannot be."""
    if operator in ("not", "!"):
        return BOOL if operand.is_unknown or operand.kind is Kind.BOOL else None
    if operand.is_number:
        return operand
    return UNKNOWN if operand.is_unknown else None


def binary_result(operator: str, left: Nature, right: Nature) -> Nature | None:
    """Return the nature of an operator applied to two values; ``None`` if it cannot be."""
    return _RULES[operator](left.pointed_to(), right.pointed_to())


def _is_number(nature: Nature) -> bool:
    return nature.is_number


def _is_integer(nature: Nature) -> bool:
    return nature.is_integer


def _is_bool(nature: Nature) -> bool:
    return nature.kind is Kind.BOOL


def _is_string(nature: Nature) -> bool:
    return nature.kind is Kind.STRING


def _is_time(nature: Nature) -> bool:
    return nature.name == TIME.name


def _is_duration(nature: Nature) -> bool:
    return nature.name == DURATION.name


def _may_fit(left: Nature, right: Nature, *checks: Check) -> bool:
    """Return whether one is not known, and the other is not either or passes a check."""
    if left.is_unknown:
        return right.is_unknown or any(check(right) for check in checks)
    return right.is_unknown and any(check(left) for check in checks)


def _both(check: Check, left: Nature, right: Nature) -> bool:
    return check(left) and check(right)


def _equality(left: Nature, right: Nature) -> Nature | None:
    return BOOL if left.is_comparable_to(right) else None


def _logic(left: Nature, right: Nature) -> Nature | None:
    return BOOL if _both(_is_bool, left, right) or _may_fit(left, right, _is_bool) else None


_ORDERED = (_is_number, _is_string, _is_time, _is_duration)


def _ordering(left: Nature, right: Nature) -> Nature | None:
    fits = any(_both(check, left, right) for check in _ORDERED)
    return BOOL if fits or _may_fit(left, right, *_ORDERED) else None


def _promoted(left: Nature, right: Nature) -> Nature:
    return FLOAT if FLOAT.name in (left.name, right.name) else INT


def _addition(left: Nature, right: Nature) -> Nature | None:
    if _both(_is_number, left, right):
        return _promoted(left, right)
    if _both(_is_string, left, right):
        return STRING
    if (_is_time(left) and _is_duration(right)) or (_is_duration(left) and _is_time(right)):
        return TIME
    if _both(_is_duration, left, right):
        return DURATION
    return UNKNOWN if _may_fit(left, right, *_ORDERED) else None


def _subtraction(left: Nature, right: Nature) -> Nature | None:
    if _both(_is_number, left, right):
        return _promoted(left, right)
    if _both(_is_time, left, right) or _both(_is_duration, left, right):
        return DURATION
    if _is_time(left) and _is_duration(right):
        return TIME
    return UNKNOWN if _may_fit(left, right, _is_number, _is_time, _is_duration) else None


def _multiplication(left: Nature, right: Nature) -> Nature | None:
    if _both(_is_number, left, right):
        return _promoted(left, right)
    if all(_is_number(it) or _is_duration(it) for it in (left, right)):
        return DURATION
    return UNKNOWN if _may_fit(left, right, _is_number, _is_duration) else None


def _division(left: Nature, right: Nature) -> Nature | None:
    fits = _both(_is_number, left, right) or _may_fit(left, right, _is_number)
    return FLOAT if fits else None


def _whole(result: Nature) -> Rule:
    def rule(left: Nature, right: Nature) -> Nature | None:
        fits = _both(_is_integer, left, right) or _may_fit(left, right, _is_integer)
        return result if fits else None

    return rule


def _membership(left: Nature, right: Nature) -> Nature | None:
    if right.kind is Kind.STRUCT and (left.is_unknown or _is_string(left)):
        return BOOL
    if right.kind is Kind.MAP and right.key is not None:
        return BOOL if left.is_unknown or left.is_assignable_to(right.key) else None
    if right.is_array:
        return BOOL if left.is_comparable_to(right.elements()) else None
    return BOOL if right.is_unknown or (left.is_unknown and _is_string(right)) else None


def _matching(left: Nature, right: Nature) -> Nature | None:
    is_text = _is_string(left) or left.name == BYTES.name
    fits = (is_text and _is_string(right)) or _may_fit(left, right, _is_string)
    return BOOL if fits else None


def _text_test(left: Nature, right: Nature) -> Nature | None:
    return BOOL if _both(_is_string, left, right) or _may_fit(left, right, _is_string) else None


def _coalescing(left: Nature, right: Nature) -> Nature:
    if left.is_nil or right.is_nil:
        return NIL if left.is_nil and right.is_nil else (right if left.is_nil else left)
    return left if right.is_assignable_to(left) else UNKNOWN


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("==", "!="), _equality),
    **dict.fromkeys(("<", ">", "<=", ">="), _ordering),
    **dict.fromkeys(("/", "**", "^"), _division),
    **dict.fromkeys(("contains", "startsWith", "endsWith"), _text_test),
    **dict.fromkeys(("and", "&&", "or", "||"), _logic),
    "matches": _matching,
    "+": _addition,
    "-": _subtraction,
    "*": _multiplication,
    "%": _whole(INT),
    "..": _whole(array_of(INT)),
    "in": _membership,
    "??": _coalescing,
}
