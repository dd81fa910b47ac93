"""Decides by expression: which commits and tags to keep, and when Freight may be created.

Source: Kargo ``freightCreationCriteria`` and the ``expressionFilter`` of subscriptions.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from common.jsontypes import JSONObject
from promotions.engine.expressions.bare import BareExpression, compile_bare
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.coercion import parse_bool
from promotions.engine.expressions.discovered import discovery_functions
from promotions.engine.expressions.environment import Environment, FunctionsOnly
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.times import with_times
from promotions.engine.expressions.values import Function, format_value

CriteriaFilter = Callable[[Mapping[str, object]], bool]

FILTER_FIELD = "expressionFilter"
CRITERIA_FIELD = "spec.freightCreationCriteria.expression"

_LONGEST_SHOWN = 100


def truth(value: object) -> bool:
    """Return a boolean as it is, and of anything else what its text says.

    Raises:
        ExpressionError: The text is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    verdict = parse_bool(format_value(value))
    if verdict is None:
        shown = format_value(value)[:_LONGEST_SHOWN]
        raise ExpressionError(f"the result must be true or false, not {shown!r}")
    return verdict


def compile_filter(text: str, *, now: datetime | None = None) -> CriteriaFilter:
    """Return a predicate over the variables of a commit or tag.

    Args:
        text: The expression, bare.
        now: What ``now()`` gives; without it there is no such function.

    Raises:
        FieldExpressionError: The expression is malformed; the predicate raises it if it fails.
    """
    expression = compile_bare(text, path=FILTER_FIELD)
    functions = _clock_functions(now)
    return lambda variables: _verdict(expression, Environment(with_times(variables), functions))


def freight_may_be_created(
    text: str, discovered: JSONObject, *, now: datetime | None = None
) -> bool:
    """Return whether a Warehouse's creation criteria accept its newest artifacts.

    Without criteria, or with no Git, image or chart results, they do.

    Args:
        text: The expression; it may use ``commitFrom``, ``imageFrom``, ``chartFrom`` and
            ``artifactFrom``, and no variables.
        discovered: What was discovered, in the form of ``status.discoveredArtifacts``.
        now: What ``now()`` gives; without it there is no such function.

    Raises:
        FieldExpressionError: The expression is malformed, fails, or is neither true nor false.
    """
    if not text.strip() or not any(discovered.get(kind) for kind in ("git", "images", "charts")):
        return True
    functions = {**discovery_functions(discovered), **_clock_functions(now)}
    environment = FunctionsOnly(functions)
    return _verdict(compile_bare(text, path=CRITERIA_FIELD, functions=environment), environment)


def _clock_functions(now: datetime | None) -> dict[str, Function]:
    return {} if now is None else {"now": now_function(lambda: now)}


def _verdict(expression: BareExpression, environment: Environment) -> bool:
    value = expression.evaluate(environment)
    try:
        return truth(value)
    except ExpressionError as error:
        raise expression.refusal(error) from error
