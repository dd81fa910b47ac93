import pytest

from common.errors import InvalidError, NotFoundError
from promotions.engine.registry import Registry
from promotions.engine.runner import Effect
from tests.fakes.steps import ScriptedStep


def test_a_runner_is_found_by_its_kind() -> None:
    push, clone = ScriptedStep("git-push"), ScriptedStep("git-clone")
    registry = Registry([push, clone])

    assert registry.kinds() == ("git-clone", "git-push")
    assert registry.find("git-push") is push


def test_a_kind_registered_twice_is_refused() -> None:
    with pytest.raises(InvalidError, match='kind "copy"'):
        Registry([ScriptedStep("copy"), ScriptedStep("copy")])


def test_an_unknown_kind_is_answered_with_the_nearest_spelling() -> None:
    registry = Registry([ScriptedStep("git-clone")])

    with pytest.raises(NotFoundError, match='did you mean "git-clone"'):
        registry.find("git-clones")
    with pytest.raises(NotFoundError, match=r'kind "zzz" is registered$'):
        registry.schema("zzz")


def test_the_schema_of_a_kind_checks_its_configuration() -> None:
    schema = {"type": "object", "required": ["path"]}
    registry = Registry([ScriptedStep("delete", schema=schema)])

    assert [str(it) for it in registry.schema("delete").problems({})] == [
        "(root): path is required"
    ]


def test_an_effecting_step_that_cannot_say_its_effect_is_refused() -> None:
    with pytest.raises(InvalidError, match='step "push" has effects but no method "would"'):
        Registry([ScriptedStep("push", effect=Effect.EFFECTING)])


def test_a_schema_that_is_none_is_refused_with_the_step_that_has_it() -> None:
    with pytest.raises(InvalidError, match='the schema of step "odd" is not a JSON Schema'):
        Registry([ScriptedStep("odd", schema={"type": "nonsense"})])
