import pytest
from jsonschema import Draft202012Validator

from promotions.engine.runner import StepError, StepStatus
from promotions.ports.git import WorkTreeError
from promotions.steps.git_clear import GitClear
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import WORKDIR, context


def test_the_path_is_clamped_to_the_work_directory() -> None:
    workspaces = ScriptedWorkspaces()

    result = GitClear(workspaces).run(context({"path": "../../etc"}))

    assert result.status is StepStatus.SUCCEEDED
    assert workspaces.cleared == [f"{WORKDIR}/etc"]


def test_paths_in_errors_are_relative_to_the_work_directory() -> None:
    workspaces = ScriptedWorkspaces(failure=WorkTreeError(f"{WORKDIR}/out is not a work tree"))

    with pytest.raises(StepError) as caught:
        GitClear(workspaces).run(context({"path": "out"}))

    assert caught.value.message == "out is not a work tree"
    assert not caught.value.terminal


def test_the_schema_wants_a_path_and_nothing_else() -> None:
    validator = Draft202012Validator(GitClear.schema)

    assert validator.is_valid({"path": "out"})
    assert not any(validator.is_valid(it) for it in ({}, {"path": ""}, {"path": "x", "all": True}))
