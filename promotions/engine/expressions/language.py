"""Compiles expressions, once per text, and evaluates them.

The language is https://expr-lang.org. Kargo compiles without knowing the environment, so an
unknown name is nil; analysis conditions are compiled for the types of theirs.

The stages are those of the reference: lexer, parser, checker, optimizer, compiler, machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.checker import check
from promotions.engine.expressions.compiler import compile_nodes
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.machine import Evaluate, Machine
from promotions.engine.expressions.natures import Nature
from promotions.engine.expressions.optimizer import optimize
from promotions.engine.expressions.parser import PREDICATE_ARGUMENTS, parse
from promotions.engine.expressions.typed_environment import natures_of

MOST_CACHED = 1024
LONGEST_CACHED = 2_000

_NAMES = frozenset(BUILTINS) | frozenset(PREDICATE_ARGUMENTS)
_NOTHING_KNOWN: frozenset[tuple[str, Nature]] = frozenset()


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; the same one may be evaluated many times, by many threads.

    Attributes:
        text: What was compiled.
        run: What evaluates it.
        variables: How many ``let`` declarations it has.
    """

    text: str
    run: Evaluate
    variables: int

    def evaluate(self, environment: Mapping[str, object]) -> object:
        """Return the value for an environment of JSON-like values, records and functions.

        Raises:
            ExpressionError: The evaluation fails or takes too much work.
            PlatformError: A function of the environment failed.
        """
        try:
            return self.run(Machine(environment, self.variables))
        except RecursionError as error:
            raise ExpressionError.at(0, self.text, "the values are nested too deeply") from error
        except (OverflowError, ValueError) as error:
            # An integer of the environment that does not fit 64 bits is no value of the language.
            raise ExpressionError.at(0, self.text, "a number is too large") from error


def compile_expression(text: str) -> Expression:
    """Return the compiled expression.

    Raises:
        ExpressionError: Its syntax is wrong, or types that are known beforehand do not fit.
    """
    if len(text) > LONGEST_CACHED:
        return _compiled(text, _NOTHING_KNOWN, strict=False)
    return _cached(text, _NOTHING_KNOWN, strict=False)


def compile_typed(
    text: str, environment: Mapping[str, object], *, strict: bool = True
) -> Expression:
    """Return the expression compiled for environments whose values are of the same types.

    Args:
        text: The expression.
        environment: Values by name. What counts is their types, as Go's reflection would see
            them: of an array or map, what is inside is not known. Give a
            :class:`~promotions.engine.expressions.values.TypedArray` for a ``[]float64`` and the
            like, and a :class:`~promotions.engine.expressions.values.Function` for a function.
        strict: Whether a name that is not in the environment is an error rather than nil.

    Raises:
        ExpressionError: Its syntax is wrong, a name is unknown, or types do not fit.
    """
    known = frozenset(natures_of(environment).items())
    if len(text) > LONGEST_CACHED:
        return _compiled(text, known, strict=strict)
    return _cached(text, known, strict=strict)


def _compiled(text: str, known: frozenset[tuple[str, Nature]], *, strict: bool) -> Expression:
    variables = dict(known)
    try:
        root = parse(text, builtins=_NAMES, overridden=variables)
        check(root, text, variables, strict=strict)
        run, declared = compile_nodes(optimize(root, text), text)
    except RecursionError as error:
        raise ExpressionError.at(0, text, "the expression is nested too deeply") from error
    return Expression(text, run, declared)


_cached = lru_cache(maxsize=MOST_CACHED)(_compiled)
