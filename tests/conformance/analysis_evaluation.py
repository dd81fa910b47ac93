"""Runs the analysis cases about conditions, their functions and expressions for times."""

from collections.abc import Callable
from typing import Any

from common.errors import InvalidError
from promotions.engine.analysis.condition_functions import (
    as_float,
    as_int,
    condition_functions,
    is_nil_or_empty,
)
from promotions.engine.analysis.conditions import evaluate_condition, evaluate_result
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.time_expressions import evaluate_time
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.formatting import format_rfc3339
from tests.conformance.analysis_expectations import decoded
from tests.conformance.analysis_inputs import NOW, Document


def run_evaluate_result(case: Document) -> Document:
    metric = Metric(
        success_condition=case.get("successCondition", ""),
        failure_condition=case.get("failureCondition", ""),
    )
    verdict = evaluate_result(_result(case), metric, go_type=_go_type(case))
    error = {"error": verdict.message} if verdict.message else {}
    return {"phase": verdict.phase, **error}


def run_eval_condition(case: Document) -> Document:
    try:
        value = evaluate_condition(_result(case), case["condition"], go_type=_go_type(case))
    except InvalidError as error:
        return {"value": False, "error": str(error)}
    return {"value": value}


def run_as_int(case: Document) -> Document:
    return _called(lambda: as_int(decoded(case["value"])))


def run_as_float(case: Document) -> Document:
    return _called(lambda: as_float(decoded(case["value"])))


def run_is_inf(case: Document) -> Document:
    return _function("isInf", None, decoded(case["value"]))


def run_default_func(case: Document) -> Document:
    result = _result(case)
    return _function("default", result, result, decoded(case["default"]))


def run_is_nil_func(case: Document) -> Document:
    result = _result(case)
    return _function("isNil", result, result)


def run_is_nil_or_empty(case: Document) -> Document:
    return {"value": is_nil_or_empty(decoded(case["value"]))}


def run_eval_time(case: Document) -> Document:
    return {"time": format_rfc3339(evaluate_time(case["expression"], now=NOW))}


def _function(name: str, result: object, *arguments: object) -> Document:
    return _called(lambda: condition_functions(result)[name].call(arguments))


def _called(call: Callable[[], object]) -> Document:
    try:
        return {"value": call()}
    except OperandError as error:
        return {"error": str(error)}


def _result(case: Document) -> object:
    result = decoded(case["result"])
    return result if case.get("resultType") == "int" else _as_floats(result)


def _as_floats(value: Any) -> Any:
    """Return the value with its numbers as decoding JSON in Go gives them."""
    if isinstance(value, dict):
        return {key: _as_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    return float(value) if type(value) is int else value


def _go_type(case: Document) -> str:
    return str(case.get("resultType", ""))


RUNNERS = {
    "evaluate_result": run_evaluate_result,
    "eval_condition": run_eval_condition,
    "as_int": run_as_int,
    "as_float": run_as_float,
    "is_inf": run_is_inf,
    "default_func": run_default_func,
    "is_nil_func": run_is_nil_func,
    "is_nil_or_empty": run_is_nil_or_empty,
    "eval_time": run_eval_time,
}
