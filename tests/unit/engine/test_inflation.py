import pytest

from common.errors import InvalidError, NotFoundError
from promotions.engine.inflation import (
    Step,
    Task,
    TaskReference,
    Variable,
    alias_namespace,
    alias_problems,
    inflate,
)


class Tasks:
    def __init__(self, **tasks: Task) -> None:
        self.tasks = tasks
        self.asked: list[TaskReference] = []

    def __call__(self, reference: TaskReference) -> Task:
        self.asked.append(reference)
        if reference.name not in self.tasks:
            raise NotFoundError("there is no such task")
        return self.tasks[reference.name]


def task_step(name: str, *variables: Variable, alias: str = "", kind: str = "") -> Step:
    reference = TaskReference(name, kind) if kind else TaskReference(name)
    return Step(alias=alias, task=reference, variables=variables)


def test_plain_steps_get_aliases_and_keep_the_rest() -> None:
    steps = [Step("copy", alias=" mine "), Step("delete", condition="${{ always() }}")]

    inflated = inflate(steps, promotion_variables=(), find_task=Tasks())

    assert [step.alias for step in inflated] == ["mine", "step-2"]
    assert inflated[1].condition == "${{ always() }}"


def test_a_task_is_replaced_by_its_steps() -> None:
    tasks = Tasks(push=Task(steps=(Step("git-commit"), Step("git-push", alias="p"))))
    steps = [Step("git-clone"), task_step("push"), task_step("push", alias="again"), Step("fail")]

    inflated = inflate(steps, promotion_variables=(), find_task=tasks)

    assert [(step.alias, step.uses) for step in inflated] == [
        ("step-1", "git-clone"),
        ("task-2::step-1", "git-commit"),
        ("task-2::p", "git-push"),
        ("again::step-1", "git-commit"),
        ("again::p", "git-push"),
        ("step-4", "fail"),
    ]


def test_a_cluster_task_is_asked_for_by_its_kind() -> None:
    tasks = Tasks(push=Task())

    inflate(
        [task_step("push", kind="ClusterPromotionTask")], promotion_variables=(), find_task=tasks
    )

    assert tasks.asked == [TaskReference("push", "ClusterPromotionTask")]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (task_step("gone"), 'task "gone" of step "task-1": there is no such task'),
        (task_step("a", kind="Job"), 'unknown kind "Job"'),
        (task_step(""), "the task has no name"),
    ],
)
def test_a_task_that_cannot_be_had_is_an_error_that_names_the_step(
    step: Step, message: str
) -> None:
    with pytest.raises((InvalidError, NotFoundError)) as caught:
        inflate([step], promotion_variables=(), find_task=Tasks())

    assert message in caught.value.message
    assert str(caught.value) == caught.value.message
    assert '"task-1"' in caught.value.message


def test_the_task_steps_variables_beat_defaults_and_its_own_come_last() -> None:
    inner = Step("copy", variables=(Variable("own", "inner"),))
    tasks = Tasks(t=Task(variables=(Variable("a", "default"),), steps=(inner,)))

    [step] = inflate(
        [task_step("t", Variable("b", "step"))], promotion_variables=(), find_task=tasks
    )

    assert step.variables == (
        Variable("a", "default"),
        Variable("b", "step"),
        Variable("own", "inner"),
    )


def test_a_promotion_variable_replaces_a_tasks_default() -> None:
    tasks = Tasks(t=Task(variables=(Variable("a", "default"),), steps=(Step("copy"),)))

    [step] = inflate([task_step("t")], promotion_variables=[Variable("a", "set")], find_task=tasks)

    assert step.variables == ()


def test_an_empty_promotion_variable_leaves_the_default() -> None:
    tasks = Tasks(t=Task(variables=(Variable("a", "default"),), steps=(Step("copy"),)))

    [step] = inflate([task_step("t")], promotion_variables=[Variable("a")], find_task=tasks)

    assert step.variables == (Variable("a", "default"),)


def test_a_variable_that_nobody_sets_is_an_error() -> None:
    tasks = Tasks(t=Task(variables=(Variable("a"),), steps=(Step("copy"),)))

    with pytest.raises(InvalidError, match='missing value for variable "a"'):
        inflate([task_step("t", Variable("a"))], promotion_variables=(), find_task=tasks)


def test_a_required_variable_may_come_from_the_step_or_the_promotion() -> None:
    tasks = Tasks(t=Task(variables=(Variable("a"),), steps=(Step("copy"),)))

    [by_step] = inflate(
        [task_step("t", Variable("a", "1"))], promotion_variables=(), find_task=tasks
    )
    [by_promotion] = inflate(
        [task_step("t")], promotion_variables=[Variable("a", "1")], find_task=tasks
    )

    assert by_step.variables == (Variable("a", "1"),)
    assert by_promotion.variables == ()


@pytest.mark.parametrize(
    ("alias", "namespace"), [("a", ""), ("t::a", "t"), ("t::a::b", ""), ("", "")]
)
def test_only_a_two_part_alias_is_inside_a_task(alias: str, namespace: str) -> None:
    assert alias_namespace(alias) == namespace


def test_aliases_must_be_unique_and_not_reserved() -> None:
    steps = [
        Step("copy", alias="a"),
        Step("copy"),
        Step("copy", alias=" a "),
        Step("copy", alias="step-3"),
        Step("copy", alias="task-12"),
        Step("copy", alias="step-x"),
    ]

    found = alias_problems(steps, path="spec.steps")

    assert [problem.path for problem in found] == [
        "spec.steps.2.as",
        "spec.steps.3.as",
        "spec.steps.4.as",
    ]
    assert "already the alias of step 0" in found[0].reason
    assert "reserved" in found[1].reason
