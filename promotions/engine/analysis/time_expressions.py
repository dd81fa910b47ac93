"""Finds the times that a metric states as expressions, such as ``now() - duration("1h")``.

Source: Argo Rollouts ``utils/evaluate`` EvalTime.
"""

from datetime import datetime

from common.errors import InvalidError
from promotions.engine.analysis.condition_functions import float_functions
from promotions.engine.analysis.conditions import evaluate_typed
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.values import type_name


def evaluate_time(expression: str, *, now: datetime) -> Time:
    """Return the time that the expression comes to; ``now`` is what ``now()`` gives in it.

    Raises:
        InvalidError: It cannot be compiled or evaluated, or gives something else than a time.
    """
    environment = {**float_functions(), "now": now_function(lambda: now)}
    value = evaluate_typed(expression, environment)
    if not isinstance(value, Time):
        raise InvalidError(f"expected time.Time, but got {type_name(value)}")
    return value
