"""What can be passed to functions, and what the builtins with a predicate and methods give.

Source: https://github.com/expr-lang/expr ``checker`` checkArguments and builtinNode.
"""

from functools import lru_cache

from promotions.engine.expressions.natures import (
    ANY,
    ARRAY,
    BOOL,
    GROUPS,
    INT,
    UNKNOWN,
    Kind,
    Nature,
    Signature,
    array_of,
    function_of,
    nature_named,
)
from promotions.engine.expressions.times import METHODS

_NIL_TAKERS = (Kind.POINTER, Kind.INTERFACE)
_RESULTS = {
    **dict.fromkeys(("all", "none", "any", "one"), BOOL),
    **dict.fromkeys(("count", "findIndex", "findLastIndex"), INT),
    "groupBy": GROUPS,
}


def is_passable(nature: Nature, parameter: Nature) -> bool:
    """Return whether a value could be an argument where a parameter has a type."""
    if nature.is_integer and parameter.is_number:
        return True
    if nature.is_nil:
        return parameter.kind in _NIL_TAKERS
    return nature.is_unknown or nature.is_assignable_to(parameter)


def predicate_result(name: str, collection: Nature, body: Nature | None) -> Nature:
    """Return the nature of what a builtin with a predicate gives.

    Args:
        name: The builtin.
        collection: The nature of its first argument.
        body: The nature of the predicate, if there is one.
    """
    if name in _RESULTS:
        return _RESULTS[name]
    if name in ("map", "reduce") and body is not None:
        return array_of(body) if name == "map" else body
    if name == "sum" and body is not None:
        return ANY if body.is_unknown else body.bare()
    return _selection(name, collection)


def _selection(name: str, collection: Nature) -> Nature:
    """Return what a builtin gives that picks, sorts or adds up elements."""
    if collection.is_unknown:
        return ARRAY if name == "filter" else UNKNOWN
    if name == "sortBy":
        return collection
    elements = collection.elements()
    return array_of(elements) if name == "filter" else elements


@lru_cache(maxsize=256)
def method_of(target: Nature, name: str) -> Nature | None:
    """Return the method that Go's types of package time have under a name."""
    method = METHODS.get(target.name, {}).get(name)
    if method is None:
        return None
    signature = Signature(
        tuple(map(nature_named, method.parameters)), tuple(map(nature_named, method.results))
    )
    return function_of(name, signature)
