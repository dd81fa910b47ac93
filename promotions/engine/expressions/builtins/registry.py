"""All functions of the language by name, except those that take a predicate."""

from promotions.engine.expressions.builtins import (
    collections,
    conversions,
    dates,
    numbers,
    strings,
)
from promotions.engine.expressions.values import Function

BUILTINS: dict[str, Function] = {
    function.name: function
    for family in (collections, conversions, dates, numbers, strings)
    for function in family.FUNCTIONS
}
