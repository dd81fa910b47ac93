"""Field formats accept and refuse what Kargo's patterns do."""

import pytest
from pydantic import TypeAdapter, ValidationError

from common.errors import InvalidError
from promotions.engine.inflation import Task, Variable, task_variables
from promotions.manifests import schema
from promotions.manifests.subscriptions import GitSubscription
from tests.conformance.vectors import Case, ids, load

TYPES: dict[str, TypeAdapter[str]] = {
    "validation/duration": TypeAdapter(schema.Duration),
    "validation/digest": TypeAdapter(schema.Digest),
    "validation/image-tag": TypeAdapter(schema.Tag),
    "validation/resource-name": TypeAdapter(schema.ResourceName),
    "validation/variable-name": TypeAdapter(schema.VariableName),
}
CASES = [case for name in TYPES for case in load("kargo_tables", feature=name)]
URLS = load("kargo_tables", feature="validation/git-repo-url")


def is_valid(case: Case) -> bool:
    try:
        TYPES[case["feature"]].validate_python(case["input"])
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_a_field_accepts_what_kargo_accepts(case: Case) -> None:
    assert is_valid(case) is case["expect"]["value"]


@pytest.mark.parametrize("case", URLS, ids=ids(URLS))
def test_a_git_url_is_accepted_if_kargo_accepts_it(case: Case) -> None:
    try:
        GitSubscription.model_validate({"repoURL": case["input"]})
        found = True
    except ValidationError:
        found = False

    assert found is case["expect"]["value"]


TASKS = load("kargo_tables", feature="promotions/task-vars")


def variables(items: list[dict[str, str]]) -> tuple[Variable, ...]:
    return tuple(Variable(**item) for item in items)


@pytest.mark.parametrize("case", TASKS, ids=ids(TASKS))
def test_task_variables_are_what_kargo_makes_of_them(case: Case) -> None:
    given = {item["name"]: item["value"] for item in case["promotion_vars"]}
    task = Task(variables(case["task_vars"]))
    step = variables(case["step_vars"])

    if case["expect"].get("error"):
        with pytest.raises(InvalidError):
            task_variables(task, step_variables=step, given=given)
    else:
        found = task_variables(task, step_variables=step, given=given)
        assert found == variables(case["expect"]["value"])
