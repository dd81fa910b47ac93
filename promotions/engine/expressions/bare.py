"""Compiles and evaluates a field that is one expression, without delimiters."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.errors import PlatformError
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.fields import FieldExpressionError, located
from promotions.engine.expressions.language import Expression, compile_expression
from promotions.engine.expressions.values import type_name


@dataclass(frozen=True, slots=True)
class BareExpression:
    """A compiled field; ``path`` is where it stands in the manifest."""

    path: str
    expression: Expression

    def evaluate(self, env: Mapping[str, object]) -> object:
        """Return the value for an environment.

        Raises:
            FieldExpressionError: The evaluation fails.
        """
        try:
            return self.expression.evaluate(env)
        except PlatformError as error:
            raise self.refusal(error) from error

    def evaluate_boolean(self, env: Mapping[str, object]) -> bool:
        """Return the value, which must be true or false.

        Raises:
            FieldExpressionError: The evaluation fails or gives something else.
        """
        value = self.evaluate(env)
        if not isinstance(value, bool):
            found = f"the result is {type_name(value)}, not true or false"
            raise self.refusal(ExpressionError(found))
        return value

    def refusal(self, error: PlatformError) -> FieldExpressionError:
        """Return the error with the place of the field; ``error`` becomes its cause."""
        return located(error, expression=self.expression.text).under(self.path)


def compile_bare(text: str, *, path: str, functions: Environment | None = None) -> BareExpression:
    """Return the compiled field.

    Args:
        text: The field.
        path: Where it stands in the manifest.
        functions: What holds the functions that it is to be checked against.

    Raises:
        FieldExpressionError: The expression is malformed.
    """
    try:
        compiled = functions.compile(text) if functions is not None else compile_expression(text)
        return BareExpression(path, compiled)
    except PlatformError as error:
        raise located(error, expression=text).under(path) from error
