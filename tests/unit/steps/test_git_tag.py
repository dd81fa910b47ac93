import pytest
from jsonschema import Draft202012Validator

from common.errors import ConflictError
from promotions.engine.runner import StepError, StepStatus
from promotions.ports.git import RefusedRefError, WorkTreeError
from promotions.ports.workspaces import TagRequest
from promotions.steps.git_tag import GitTag
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import WORKDIR, context

CONFIG = {"path": "out", "tag": "v1", "message": "One"}


def test_a_tag_puts_out_the_commit_it_is_on() -> None:
    workspaces = ScriptedWorkspaces()

    result = GitTag(workspaces).run(context(CONFIG))

    assert (result.status, result.output) == (StepStatus.SUCCEEDED, {"commit": "c0ffee"})
    assert workspaces.tags == [
        TagRequest(workdir=WORKDIR, path=f"{WORKDIR}/out", tag="v1", message="One", force=False)
    ]


def test_force_is_passed_on() -> None:
    workspaces = ScriptedWorkspaces()

    GitTag(workspaces).run(context({**CONFIG, "force": True}))

    assert workspaces.tags[0].force


@pytest.mark.parametrize("path", ["../x", "/etc/x"])
def test_a_path_never_leaves_the_work_directory(path: str) -> None:
    workspaces = ScriptedWorkspaces()

    GitTag(workspaces).run(context({**CONFIG, "path": path}))

    assert workspaces.tags[0].path.startswith(f"{WORKDIR}/")


@pytest.mark.parametrize(
    ("failure", "failed"),
    [
        (ConflictError("The tag is on something else."), False),
        (WorkTreeError("There is no such directory."), False),
        (RefusedRefError("That cannot be a name."), True),
    ],
)
def test_only_what_another_configuration_mends_is_terminal(
    failure: Exception, *, failed: bool
) -> None:
    with pytest.raises(StepError) as caught:
        GitTag(ScriptedWorkspaces(failure=failure)).run(context(CONFIG))

    assert (caught.value.failed, caught.value.terminal) == (failed, failed)


def test_the_schema_wants_path_tag_and_message_and_lets_others_in() -> None:
    validator = Draft202012Validator(GitTag.schema)

    assert validator.is_valid({**CONFIG, "force": True, "more": 1})
    for name in CONFIG:
        assert not validator.is_valid({key: it for key, it in CONFIG.items() if key != name})
        assert not validator.is_valid({**CONFIG, name: ""})
        assert not validator.is_valid({**CONFIG, name: 1})
    assert not validator.is_valid({**CONFIG, "force": "yes"})
