"""Decides by a metric's conditions whether what was measured is a success.

Conditions are expressions about ``result``. Its type is known when they are compiled, so that
comparing it with something of another type is an error then; what is inside decoded JSON may be
anything, and is looked at when the condition is evaluated.

Source: Argo Rollouts ``utils/evaluate`` EvaluateResult, EvalCondition.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from common.errors import InvalidError, PlatformError
from promotions.engine.analysis.condition_functions import condition_functions, is_nil_or_empty
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import compile_typed
from promotions.engine.expressions.values import TypedArray, type_name

LONGEST_CONDITION = 4096
"""Characters of a condition or another expression of a metric."""

NO_DATA = "metric result is nil or empty: no data returned from the metric provider"

_SLICE = "[]"
_ANY = "interface {}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a measurement is to be called; ``message`` says why a condition cannot be evaluated."""

    phase: AnalysisPhase
    message: str = ""


def evaluate_result(result: object, metric: Metric, *, go_type: str = "") -> Verdict:
    """Return how the metric judges what was measured.

    Both conditions are evaluated before either counts, and a failure wins. One condition alone
    decides both ways; without any, having measured is enough.

    Args:
        result: What was measured, ``None`` if there is nothing.
        metric: Its conditions count.
        go_type: Go's name for the type of ``result``, such as ``[]float64``; needed for lists
            whose elements are known to be of one type.
    """
    outcomes = []
    for name, condition in (
        ("successCondition", metric.success_condition),
        ("failureCondition", metric.failure_condition),
    ):
        try:
            outcomes.append(
                evaluate_condition(result, condition, go_type=go_type) if condition else None
            )
        except PlatformError as error:
            cause = NO_DATA if is_nil_or_empty(result) else str(error)
            text = f'could not evaluate {name} "{condition}": {cause}'
            return Verdict(AnalysisPhase.ERROR, text)
    return Verdict(_phase(*outcomes))


def evaluate_condition(result: object, condition: str, *, go_type: str = "") -> bool:
    """Return whether the condition holds for the result.

    Raises:
        InvalidError: It cannot be compiled or evaluated, or gives something else than a boolean.
            The message is that of the language, without the place.
    """
    typed = _typed(result, go_type)
    value = evaluate_typed(condition, {"result": typed, **condition_functions(typed)})
    if not isinstance(value, bool):
        raise InvalidError(f"expected bool, but got {type_name(value)}")
    return value


def evaluate_typed(expression: str, environment: Mapping[str, object]) -> object:
    """Return what an expression of a metric comes to; all names in it must be known.

    Raises:
        InvalidError: It is too long, or cannot be compiled or evaluated.
    """
    if len(expression) > LONGEST_CONDITION:
        raise InvalidError(f"the expression is longer than {LONGEST_CONDITION} characters")
    try:
        return compile_typed(expression, environment).evaluate(environment)
    except ExpressionError as error:
        raise InvalidError(error.reason) from error


def _phase(succeeds: bool | None, fails: bool | None) -> AnalysisPhase:  # noqa: FBT001  a truth table
    """Return the phase for what the conditions say, ``None`` standing for no condition."""
    if fails or (fails is None and succeeds is False):
        return AnalysisPhase.FAILED
    if succeeds or succeeds is None:
        return AnalysisPhase.SUCCESSFUL
    return AnalysisPhase.INCONCLUSIVE


def _typed(result: object, go_type: str) -> object:
    """Return the result as a value that knows the type of its elements."""
    element = go_type.removeprefix(_SLICE)
    if element in (go_type, _ANY) or not isinstance(result, (list, tuple)):
        return result
    return TypedArray(result, element)
