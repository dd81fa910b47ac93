"""Compiles expressions, once per text, and evaluates them.

The language is https://expr-lang.org as Kargo uses it: no types are known of the environment, so
an unknown name is nil.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from promotions.engine.expressions.builtins.predicates import PREDICATES
from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.checker import check
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.evaluator import Evaluator
from promotions.engine.expressions.nodes import Node
from promotions.engine.expressions.parser import parse

_NAMES = frozenset(BUILTINS) | frozenset(PREDICATES)


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; the same one may be evaluated many times."""

    text: str
    root: Node

    def evaluate(self, environment: Mapping[str, object]) -> object:
        """Return the value for an environment of JSON-like values, records and functions.

        Raises:
            ExpressionError: The evaluation fails or takes too much work.
            PlatformError: A function of the environment failed.
        """
        try:
            return Evaluator(self.text, environment).evaluate(self.root)
        except RecursionError as error:
            raise ExpressionError("the expression takes too much work") from error


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Return the compiled expression.

    Raises:
        ExpressionError: Its syntax is wrong, or types that are known beforehand do not fit.
    """
    try:
        root = parse(text, builtins=_NAMES)
        check(root, text)
    except RecursionError as error:
        raise ExpressionError("the expression is nested too deeply") from error
    return Expression(text, root)
