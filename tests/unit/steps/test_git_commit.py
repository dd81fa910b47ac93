from jsonschema import Draft202012Validator

from promotions.engine.runner import StepStatus
from promotions.ports.control_plane import GitIdentity
from promotions.steps.git_commit import GitCommit
from tests.fakes.git_workspaces import ScriptedWorkspaces
from tests.unit.steps.git_context import WORKDIR, context


def test_a_commit_puts_out_its_id() -> None:
    workspaces = ScriptedWorkspaces()

    result = GitCommit(workspaces).run(context({"path": "out", "message": "Use v2"}))

    assert (result.status, result.output) == (StepStatus.SUCCEEDED, {"commit": "c0ffee"})
    assert workspaces.commits == [(f"{WORKDIR}/out", "Use v2", None)]


def test_nothing_to_commit_is_skipped_and_still_puts_out_head() -> None:
    workspaces = ScriptedWorkspaces(created=False)

    result = GitCommit(workspaces).run(context({"path": "out", "message": "m"}))

    assert (result.status, result.output) == (StepStatus.SKIPPED, {"commit": "c0ffee"})


def test_an_author_without_a_key_commits_unsigned() -> None:
    workspaces = ScriptedWorkspaces()
    author = {"name": "A", "email": "a@example.com"}

    GitCommit(workspaces).run(context({"path": "out", "message": "m", "author": author}))

    assert workspaces.commits[0][2] == GitIdentity("A", "a@example.com", "")


def test_the_schema_wants_path_and_message() -> None:
    validator = Draft202012Validator(GitCommit.schema)

    assert validator.is_valid({"path": "out", "message": "m"})
    bad = ({"path": "out"}, {"message": "m"}, {"path": "out", "message": ""})
    assert not any(validator.is_valid(it) for it in bad)
