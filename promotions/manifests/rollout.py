"""How a Stage goes about its targets: what its annotation ``kargo.akuity.io/rollout`` says.

Kargo has no field for this, and its command line refuses Stages with fields that it does not
know; so it is an annotation, YAML or JSON, with every key optional.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, as_object
from promotions.engine.targets import (
    MAX_PARALLEL,
    WAVE_LABEL,
    FailureBudget,
    OnBudgetSpent,
    RolloutPolicy,
)
from promotions.manifests.metadata import PREFIX
from promotions.manifests.problems import problems_of
from promotions.manifests.promotion_steps import duration_from
from promotions.manifests.schema import Duration, Model, Text, as_json, matching
from promotions.manifests.yaml_values import read_yaml

ROLLOUT = f"{PREFIX}rollout"
_PATH = f"metadata.annotations.{ROLLOUT}"
_LONGEST = 4096

_Percent = Annotated[
    str, matching(r"([0-9]|[1-9][0-9]|100)%", 'a number of targets, or a percentage such as "10%"')
]


class Rollout(Model):
    """Waves, parallelism and failure budget of a Stage's promotion requests."""

    wave_label: Text = WAVE_LABEL
    waves: list[str] = Field(default_factory=list)
    max_parallel: Annotated[int, Field(ge=1, le=1000)] = MAX_PARALLEL
    failure_budget: Annotated[int, Field(ge=0)] | _Percent = 0
    on_budget_spent: Literal["Stop", "Continue"] = "Stop"
    pause_between_waves: Duration = "0s"


def rollout_of(annotations: Mapping[str, str]) -> dict[str, Any]:
    """Return the policy that a Stage's annotations describe, with defaults filled in.

    Raises:
        InvalidError: The annotation is malformed; ``problems`` say where.
    """
    text = annotations.get(ROLLOUT, "")
    content = _content(text) if text.strip() else {}
    if unknown := sorted(content.keys() - _KNOWN):
        known = ", ".join(sorted(_KNOWN))
        raise _invalid(FieldProblem(_PATH, f'"{unknown[0]}" is not known; known are {known}'))
    try:
        return as_json(Rollout.model_validate(content))
    except ValidationError as error:
        found = [
            FieldProblem(f"{_PATH}.{it.path}", it.reason)
            for it in problems_of(error, dropped=(), show_values=True)
        ]
        raise _invalid(*found) from error


def rollout_problems(annotations: Mapping[str, str]) -> Iterator[FieldProblem]:
    """Yield what is wrong with the annotation, if it is there."""
    try:
        rollout_of(annotations)
    except InvalidError as error:
        yield from error.problems


def policy_from(document: JSONObject) -> RolloutPolicy:
    """Return the policy that a document describes which :func:`rollout_of` gave."""
    rollout = Rollout.model_validate(document)
    budget = rollout.failure_budget
    return RolloutPolicy(
        wave_label=rollout.wave_label,
        waves=tuple(rollout.waves),
        max_parallel=rollout.max_parallel,
        budget=FailureBudget(budget)
        if isinstance(budget, int)
        else FailureBudget(int(budget.removesuffix("%")), is_percent=True),
        on_spent=OnBudgetSpent(rollout.on_budget_spent),
        pause=duration_from(rollout.pause_between_waves),
    )


def _content(text: str) -> JSONObject:
    if len(text) > _LONGEST:
        raise _invalid(FieldProblem(_PATH, f"is longer than {_LONGEST} characters"))
    try:
        documents = [document.value for document in read_yaml(text)]
    except InvalidError as error:
        raise _invalid(FieldProblem(_PATH, error.message)) from error
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise _invalid(FieldProblem(_PATH, "must be an object such as {maxParallel: 5}"))
    return as_object(documents[0])


def _invalid(*problems: FieldProblem) -> InvalidError:
    return InvalidError("; ".join(map(str, problems)), problems=problems)


_KNOWN = frozenset(field.alias or name for name, field in Rollout.model_fields.items())
