"""What steps write for people elsewhere has none of the secrets that the run was given."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from common.jsontypes import JSONObject
from common.redaction import MASK, note_secrets, noting_secrets
from promotions.ports.credentials import Credential
from promotions.ports.git import RefListing
from promotions.steps.git_open_pr import GitOpenPR
from tests.fakes.git_ports import FixedCredentials, ListedRepositories
from tests.fakes.scm_port import ScriptedProviders, ScriptedPullRequests
from tests.unit.steps.git_context import context
from tests.unit.steps.github_steps import Steps

SECRET = "tiptoe-through-the-tulips"
URL = "https://gitlab.com/team/app.git"
ADDRESS = "see ssh://git@host/app"


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with noting_secrets():
        note_secrets([SECRET])
        yield


@pytest.mark.parametrize("written", [{}, {"title": f"Use {SECRET}", "description": f"{SECRET}."}])
def test_pull_requests_are_opened_without_secrets(written: JSONObject) -> None:
    pulls = ScriptedPullRequests()
    refs = RefListing("main", {"refs/heads/change": "a" * 40, "refs/heads/main": "c" * 40})
    commit = f"Use {SECRET}\n\n{SECRET}, {ADDRESS}\n"
    step = GitOpenPR(
        ListedRepositories(refs, messages={"a" * 40: commit}),
        FixedCredentials({URL: Credential(username="bot", password="x")}),
        ScriptedProviders(pulls),
    )
    config: JSONObject = {"repoURL": URL, "sourceBranch": "change", "targetBranch": "main"}

    step.run(replace(context({**config, **written})))

    (made,) = pulls.created
    assert made.title == f"Use {MASK}"
    assert SECRET not in made.description
    assert MASK in made.description
    assert written or ADDRESS in made.description


def test_issues_and_comments_are_written_without_secrets(github: Steps) -> None:
    github.run("gh-create-issue", {"title": f"Use {SECRET}", "body": SECRET})
    github.run("gh-issue-add-comment", {"issueNumber": 1, "body": f"Used {SECRET}"})
    written = repr(github.site.repository.items)
    github.run("gh-update-issue", {"issueNumber": 1, "title": f"Used {SECRET}"})

    assert f"Use {MASK}" in written
    assert f"Used {MASK}" in repr(github.site.repository.items[1])
    assert SECRET not in written + repr(vars(github.site.repository))
