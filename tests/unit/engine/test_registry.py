import pytest

from common.errors import NotFoundError
from promotions.engine.registry import Registry
from tests.fakes.steps import ScriptedStep


def test_a_runner_is_found_by_its_kind() -> None:
    push, clone = ScriptedStep("git-push"), ScriptedStep("git-clone")
    registry = Registry([push, clone])

    assert registry.kinds() == ("git-clone", "git-push")
    assert registry.find("git-push") is push


def test_a_kind_registered_twice_is_refused() -> None:
    with pytest.raises(ValueError, match='kind "copy"'):
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
