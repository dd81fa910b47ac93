"""How a function of the language is declared: what it takes, what it gives, what it does.

Source: https://github.com/expr-lang/expr ``builtin``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import ANY, FLOAT, Kind, Nature, Signature

Call = Callable[[Sequence[object], Meter], object]
Validate = Callable[[Sequence[Nature]], Nature]

NUMBERS = frozenset({Kind.INT, Kind.INT64, Kind.UINT8, Kind.UINT64, Kind.FLOAT})
SIGNED = frozenset({Kind.INT, Kind.INT64})
ARRAYS = frozenset({Kind.SLICE, Kind.ARRAY})


@dataclass(frozen=True, slots=True)
class Declaration:
    """A function of the language.

    Attributes:
        name: Its name.
        call: Takes the arguments; raises OperandError.
        least: How many arguments it needs.
        most: How many it takes; ``None`` is any number.
        overloads: The signatures that it has, if its types are declared.
        validate: Otherwise, gives the type of the result for the types of the arguments, or
            raises OperandError.
    """

    name: str
    call: Call
    least: int
    most: int | None
    overloads: tuple[Signature, ...] = ()
    validate: Validate | None = None


def overloaded(name: str, call: Call, result: Nature, *overloads: Sequence[Nature]) -> Declaration:
    """Return a function that takes any of several lists of arguments."""
    counts = [len(parameters) for parameters in overloads]
    signatures = tuple(Signature(tuple(parameters), (result,)) for parameters in overloads)
    return Declaration(name, call, min(counts), max(counts), signatures)


def validated(
    name: str, call: Call, validate: Validate, *, least: int = 1, most: int | None = 1
) -> Declaration:
    """Return a function that looks at the types of its arguments itself."""

    def check(natures: Sequence[Nature]) -> Nature:
        if len(natures) < least or (most is not None and len(natures) > most):
            raise OperandError(f"invalid number of arguments for {name} (got {len(natures)})")
        return validate(natures)

    return Declaration(name, call, least, most, validate=check)


def expecting(
    name: str, kinds: frozenset[Kind], result: Nature | Callable[[Nature], Nature]
) -> Validate:
    """Return a check that every argument has one of the kinds, or is not known.

    Args:
        name: The function, for messages.
        kinds: The kinds.
        result: The type of the result, or what makes it of the type of the first argument.
    """

    def validate(natures: Sequence[Nature]) -> Nature:
        for nature in natures:
            if not nature.is_unknown and nature.kind not in kinds:
                raise OperandError(f"invalid argument for {name} (type {nature})")
        return result if isinstance(result, Nature) else result(natures[0])

    return validate


def aggregating(name: str) -> Validate:
    """Return the check of ``max`` and the like: numbers, up to the first array."""

    def validate(natures: Sequence[Nature]) -> Nature:
        for nature in natures:
            if nature.is_unknown or nature.kind in ARRAYS:
                return ANY
            if nature.kind not in NUMBERS:
                raise OperandError(f"invalid argument for {name} (type {nature})")
        return natures[0]

    return validate


def rounding(name: str) -> Validate:
    """Return the check of ``ceil`` and the like."""
    return expecting(name, NUMBERS, FLOAT)
