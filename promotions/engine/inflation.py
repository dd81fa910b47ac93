"""Turns the steps of a Stage's template into the flat list that a promotion runs.

Steps that name a task are replaced by the task's steps; every step gets an alias.
Source: Kargo ``pkg/kargo`` PromotionBuilder (InflateSteps) and ``pkg/api`` step alias rules.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from common.errors import FieldProblem, InvalidError, PlatformError
from common.jsontypes import JSONValue
from promotions.engine.retry import RetryPolicy

SEPARATOR = "::"
_RESERVED_ALIAS = re.compile(r"(step|task)-\d+")


class TaskKind(StrEnum):
    """Where a task lives: in the project, or shared by the tenant."""

    PROMOTION_TASK = "PromotionTask"
    CLUSTER_PROMOTION_TASK = "ClusterPromotionTask"


@dataclass(frozen=True, slots=True)
class Variable:
    """A named template; its text may hold expressions."""

    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class TaskReference:
    """The task that a step stands for."""

    name: str
    kind: str = TaskKind.PROMOTION_TASK


@dataclass(frozen=True, slots=True)
class Step:
    """One step: as a template has it, or, once inflated, as a promotion runs it.

    Attributes:
        uses: The step kind; empty if and only if ``task`` is set.
        alias: ``as`` in manifests; in an inflated step never empty.
        condition: ``if`` in manifests; empty when there is none.
    """

    uses: str = ""
    alias: str = ""
    task: TaskReference | None = None
    condition: str = ""
    continue_on_error: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    variables: tuple[Variable, ...] = ()
    config: JSONValue = None


@dataclass(frozen=True, slots=True)
class Task:
    """A reusable list of steps; a variable without a value must be given one by the caller."""

    variables: tuple[Variable, ...] = ()
    steps: tuple[Step, ...] = ()


class FindTask(Protocol):
    """Looks up a task; raises a PlatformError when there is none."""

    def __call__(self, reference: TaskReference) -> Task:
        """Return the task."""
        ...


def inflate(
    steps: Sequence[Step], *, promotion_variables: Iterable[Variable], find_task: FindTask
) -> tuple[Step, ...]:
    """Return the steps that a promotion runs, with aliases, without tasks.

    Raises:
        PlatformError: As ``find_task`` raised it, its message saying which step it was for.
        InvalidError: A task is of an unknown kind, or a variable that it needs has no value.
    """
    given = _values(promotion_variables)
    inflated: list[Step] = []
    for index, step in enumerate(steps):
        if step.task is None:
            inflated.append(replace(step, alias=step_alias(step, index=index)))
        else:
            inflated.extend(_inflate_task(step, step.task, index, given, find_task))
    return tuple(inflated)


def step_alias(step: Step, *, index: int) -> str:
    """Return the step's own alias, trimmed, or ``step-<n>`` or ``task-<n>`` for the n-th."""
    return step.alias.strip() or f"{'task' if step.task else 'step'}-{index + 1}"


def alias_namespace(alias: str) -> str:
    """Return the task's alias from ``<task>::<alias>``, or the empty string for anything else."""
    namespace, *inner = alias.split(SEPARATOR)
    return namespace if len(inner) == 1 else ""


def task_variables(
    task: Task, *, step_variables: tuple[Variable, ...], given: Mapping[str, str]
) -> tuple[Variable, ...]:
    """Return the variables that a task step hands to each step of the task; later ones win.

    A promotion's variable beats the task's default; the task step's own beats both.

    Raises:
        InvalidError: A variable without default has a value neither in ``given`` nor in the step.
    """
    own = _values(step_variables)
    defaults: list[Variable] = []
    for variable in task.variables:
        if given.get(variable.name):
            continue
        if variable.value:
            defaults.append(variable)
        elif not own.get(variable.name):
            raise InvalidError(
                f'missing value for variable "{variable.name}"', code="missing_task_variable"
            )
    return (*defaults, *step_variables)


def alias_problems(steps: Iterable[Step], *, path: str) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the aliases in a template's or a task's list of steps."""
    problems: list[FieldProblem] = []
    seen: dict[str, int] = {}
    for index, step in enumerate(steps):
        alias = step.alias.strip()
        where = f"{path}.{index}.as"
        if _RESERVED_ALIAS.fullmatch(alias):
            problems.append(FieldProblem(where, f'"{alias}" is reserved for steps without alias'))
        elif alias in seen:
            problems.append(
                FieldProblem(where, f'"{alias}" is already the alias of step {seen[alias]}')
            )
        elif alias:
            seen[alias] = index
    return tuple(problems)


def _inflate_task(
    step: Step,
    reference: TaskReference,
    index: int,
    given: Mapping[str, str],
    find_task: FindTask,
) -> Iterable[Step]:
    alias = step_alias(step, index=index)
    try:
        task = _found(reference, find_task)
        variables = task_variables(task, step_variables=step.variables, given=given)
    except PlatformError as error:
        error.message = f'task "{reference.name}" of step "{alias}": {error.message}'
        error.args = (error.message,)
        raise
    return [
        replace(
            inner,
            alias=f"{alias}{SEPARATOR}{step_alias(inner, index=position)}",
            variables=(*variables, *inner.variables),
        )
        for position, inner in enumerate(task.steps)
    ]


def _found(reference: TaskReference, find_task: FindTask) -> Task:
    if reference.kind not in set(TaskKind):
        raise InvalidError(
            f'unknown kind "{reference.kind}"; use PromotionTask or ClusterPromotionTask',
            code="unknown_task_kind",
        )
    if not reference.name:
        raise InvalidError("the task has no name", code="missing_task_name")
    return find_task(reference)


def _values(variables: Iterable[Variable]) -> dict[str, str]:
    return {variable.name: variable.value for variable in variables}
