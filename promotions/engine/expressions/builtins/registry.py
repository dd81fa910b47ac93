"""All functions of the language by name, except those that take a predicate."""

from collections.abc import Sequence

from promotions.engine.expressions.builtins import (
    collections,
    conversions,
    dates,
    numbers,
    strings,
)
from promotions.engine.expressions.builtins.declarations import (
    Call,
    Declaration,
    overloaded,
    validated,
)
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import DURATION, LOCATION, STRING, TIME, Nature
from promotions.engine.expressions.values import Function

_MOST_TEXTS = 3


def _adapted(function: Function) -> Call:
    def call(arguments: Sequence[object], _meter: Meter) -> object:
        return function.call(arguments)

    return call


def _check_now(natures: Sequence[Nature]) -> Nature:
    if any(nature.name != LOCATION.name for nature in natures):
        raise OperandError("invalid number of arguments (expected 0, got 1)")
    return TIME


def _check_date(natures: Sequence[Nature]) -> Nature:
    if len(natures) - (natures[0].name == LOCATION.name) > _MOST_TEXTS:
        raise OperandError(f"invalid number of arguments (expected at most 3, got {len(natures)})")
    return TIME


def _dates() -> tuple[Declaration, ...]:
    calls = {function.name: _adapted(function) for function in dates.FUNCTIONS}
    return (
        validated("now", calls["now"], _check_now, least=0),
        validated("date", calls["date"], _check_date, most=None),
        overloaded("duration", calls["duration"], DURATION, (STRING,)),
        overloaded("timezone", calls["timezone"], LOCATION, (STRING,)),
    )


BUILTINS: dict[str, Declaration] = {
    declaration.name: declaration
    for family in (
        *(collections.FUNCTIONS, conversions.FUNCTIONS, numbers.FUNCTIONS),
        *(strings.FUNCTIONS, _dates()),
    )
    for declaration in family
}
