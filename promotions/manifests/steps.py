"""The schema of promotion steps, in Stages, tasks and Promotions, and the rules on them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from common.errors import FieldProblem
from promotions.engine import inflation
from promotions.manifests.problems import in_brackets
from promotions.manifests.schema import GoDuration, Json, Model, ResourceName, Text, Variable


class Retry(Model):
    """How often a step may fail and how long it may take."""

    timeout: GoDuration | None = None
    error_threshold: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class TaskReference(Model):
    """The task that a step stands for."""

    moved: ClassVar[Mapping[str, str]] = {"vars": "it belongs beside task, not inside it"}
    name: ResourceName
    kind: Literal["PromotionTask", "ClusterPromotionTask"] | None = None


class Step(Model):
    """One step; ``uses`` may name any kind of step, known here or not."""

    uses: Text | None = None
    task: TaskReference | None = None
    alias: str | None = Field(default=None, alias="as")
    condition: str | None = Field(default=None, alias="if")
    continue_on_error: bool | None = None
    retry: Retry | None = None
    vars: list[Variable] | None = None
    config: Json = None


def template_problems(steps: Sequence[Step], *, path: str) -> Iterator[FieldProblem]:
    """Yield what is wrong with the steps of a Stage's template."""
    for index, step in enumerate(steps):
        where = f"{path}[{index}]"
        if (step.uses is None) == (step.task is None):
            yield FieldProblem(where, "must have exactly one of uses and task")
        if step.task is not None:
            yield from _task_step_problems(step, where)
    yield from _alias_problems(steps, path)


def task_problems(steps: Sequence[Step], *, path: str) -> Iterator[FieldProblem]:
    """Yield what is wrong with the steps of a task, which may not name tasks in turn."""
    for index, step in enumerate(steps):
        if step.uses is None or step.task is not None:
            reason = "a task's step must have uses and may not name a task"
            yield FieldProblem(f"{path}[{index}]", reason)
    yield from _alias_problems(steps, path)


def _task_step_problems(step: Step, where: str) -> Iterator[FieldProblem]:
    forbidden = {
        "continueOnError": step.continue_on_error is not None,
        "retry": step.retry is not None,
        "if": bool(step.condition),
        "config": step.config is not None,
    }
    for name, is_set in forbidden.items():
        if is_set:
            yield FieldProblem(f"{where}.{name}", "a step that names a task may not have this")


def _alias_problems(steps: Sequence[Step], path: str) -> Iterator[FieldProblem]:
    named = [inflation.Step(alias=step.alias or "") for step in steps]
    for problem in inflation.alias_problems(named, path=path):
        yield in_brackets(problem)
