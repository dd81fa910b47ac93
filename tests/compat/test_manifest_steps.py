"""The steps in published manifests fit our schemas, or Kargo's own refuse them as well."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from promotions import wiring
from promotions.engine.inflation import SEPARATOR, Step, Variable
from promotions.engine.inputs import evaluated_config
from promotions.manifests.promotion_steps import steps_from
from tests.compat.kargo_schemas import kargo_accepts
from tests.compat.plausible import scope

FILES = sorted((Path(__file__).parent / "manifests").glob("*.yaml"))
TASKS = ("PromotionTask", "ClusterPromotionTask")

REFUSED = {
    ("helm_charts", "helm-template"): "releaseName is required",
    ("helm_charts", "git-open-pr"): "repoURL: Does not match format 'uri'",
    ("helm_charts", "git-wait-for-pr"): "repoURL: Does not match format 'uri'",
    ("helm_charts", "send-message"): "channel: kind is required",
}
"""Steps that nobody can run: in which file, of which kind, and what is wrong with them."""


@dataclass(frozen=True)
class Published:
    """One step of a manifest, and what its expressions may see."""

    file: str
    step: Step
    steps: tuple[Step, ...]
    variables: tuple[Variable, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.step.uses} {self.step.alias}"

    @property
    def config(self) -> Any:
        return evaluated_config(scope(self.steps, self.variables), self.step)


def published() -> Iterator[Published]:
    for path in FILES:
        documents = yaml.safe_load_all(path.read_text(encoding="utf-8"))
        for document in filter(None, documents):
            spec = document.get("spec", {})
            if document["kind"] == "Stage" and "promotionTemplate" in spec:
                inner = spec["promotionTemplate"]["spec"]
                variables = [*spec.get("vars", []), *inner.get("vars", [])]
                yield from _steps(path.stem, inner["steps"], variables, namespace="")
            if document["kind"] in TASKS:
                variables = spec.get("vars", [])
                yield from _steps(path.stem, spec["steps"], variables, namespace="task")


def _steps(file: str, listed: Any, variables: Any, *, namespace: str) -> Iterator[Published]:
    steps = tuple(
        replace(step, alias=_alias(step, index, namespace))
        for index, step in enumerate(steps_from(listed))
    )
    known = tuple(
        Variable(it["name"], it.get("value", "https://example.com/a")) for it in variables
    )
    for step in steps:
        if step.uses:
            yield Published(file, step, steps, known)


def _alias(step: Step, index: int, namespace: str) -> str:
    alias = step.alias or f"step-{index + 1}"
    return f"{namespace}{SEPARATOR}{alias}" if namespace else alias


@pytest.mark.parametrize("it", list(published()), ids=str)
def test_a_published_step_fits_our_schema_or_fits_nobodys(it: Published) -> None:
    problems = [str(problem) for problem in _schema(it.step.uses).problems(it.config)]

    refusal = REFUSED.get((it.file, it.step.uses))
    if refusal is None:
        assert problems == []
        return
    assert any(refusal in problem for problem in problems), problems
    assert not kargo_accepts(it.step.uses, it.config)


def test_what_is_said_to_be_refused_is_there() -> None:
    assert REFUSED.keys() <= {(it.file, it.step.uses) for it in published()}


def _schema(kind: str) -> Any:
    return wiring.step_registry().schema(kind)
