"""Reads and writes lists of promotion steps and variables, as manifests hold them."""

from collections.abc import Iterable
from datetime import timedelta

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import format_duration, parse_duration
from promotions.engine.inflation import Step, Task, TaskKind, TaskReference, Variable
from promotions.engine.retry import RetryPolicy

_NANOSECONDS = 1000


def duration_from(text: str) -> timedelta:
    """Read a Go duration such as ``1h30m`` or ``5m0s``; what is below a microsecond is dropped.

    Raises:
        InvalidError: It is none.
    """
    try:
        return timedelta(microseconds=parse_duration(text).ns // _NANOSECONDS)
    except OperandError as error:
        raise InvalidError(f'"{text}" is not a duration; write 30s, 5m or 1h30m.') from error


def variables_from(document: JSONValue) -> tuple[Variable, ...]:
    """Read a list of ``{name, value}``."""
    return tuple(
        Variable(name=as_text(item.get("name")), value=as_text(item.get("value")))
        for item in map(as_object, as_list(document))
    )


def steps_from(document: JSONValue) -> tuple[Step, ...]:
    """Read a validated list of steps."""
    return tuple(_step_from(as_object(item)) for item in as_list(document))


def task_from(spec: JSONObject) -> Task:
    """Read the spec of a PromotionTask or ClusterPromotionTask."""
    return Task(variables_from(spec.get("vars")), steps_from(spec.get("steps")))


def variables_to(variables: Iterable[Variable]) -> list[dict[str, str]]:
    """Write variables as manifests hold them."""
    return [{"name": variable.name, "value": variable.value} for variable in variables]


def steps_to(steps: Iterable[Step]) -> list[dict[str, JSONValue]]:
    """Write inflated steps as a Promotion's manifest holds them; what is unset is left out."""
    return [_step_to(step) for step in steps]


def _step_from(document: JSONObject) -> Step:
    task = as_object(document.get("task"))
    return Step(
        uses=as_text(document.get("uses")),
        alias=as_text(document.get("as")),
        task=TaskReference(
            name=as_text(task.get("name")),
            kind=as_text(task.get("kind")) or TaskKind.PROMOTION_TASK,
        )
        if task
        else None,
        condition=as_text(document.get("if")),
        continue_on_error=document.get("continueOnError") is True,
        retry=_retry_from(as_object(document.get("retry"))),
        variables=variables_from(document.get("vars")),
        config=document.get("config"),
    )


def _retry_from(document: JSONObject) -> RetryPolicy:
    timeout = as_text(document.get("timeout"))
    threshold = document.get("errorThreshold")
    return RetryPolicy(
        timeout=duration_from(timeout) if timeout else None,
        error_threshold=threshold if isinstance(threshold, int) else 0,
    )


def _step_to(step: Step) -> dict[str, JSONValue]:
    retry: dict[str, JSONValue] = {}
    if step.retry.timeout is not None:
        retry["timeout"] = format_duration(
            step.retry.timeout // timedelta(microseconds=1) * _NANOSECONDS
        )
    if step.retry.error_threshold:
        retry["errorThreshold"] = step.retry.error_threshold
    document: dict[str, JSONValue] = {
        "uses": step.uses,
        "as": step.alias,
        "if": step.condition,
        "continueOnError": step.continue_on_error,
        "retry": retry,
        "vars": [dict(item) for item in variables_to(step.variables)],
        "config": step.config,
    }
    return {key: value for key, value in document.items() if value not in ("", False, {}, [], None)}
