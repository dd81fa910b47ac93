"""What the ``jira`` step does to issues is done once, whenever its worker dies."""

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.models import Freight, Promotion
from tests.fakes.jira import TOKEN, USER, FakeJira
from tests.fakes.scm_server import serving_api
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.fate import Fate, secret
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]


def survived(fate: Fate, jira: FakeJira, effect: Effect, **operation: JSONValue) -> Promotion:
    """Promote with one step, whose worker dies when the effect is asked for."""
    with serving_api(jira) as server, fate.watching(server.url, effect) as proxy:

        def admit(world: World) -> None:
            secret(world, "jira", domain=proxy.url, username=USER, password=TOKEN)

        credentials: JSONObject = {"secretName": "jira"}
        promotion = fate.promoted(
            step("jira", "it", credentials=credentials, **operation), given=admit
        )
    assert promotion.phase == "Succeeded", promotion.message
    return promotion


@pytest.fixture
def jira() -> FakeJira:
    """A site with one issue."""
    site = FakeJira()
    site.add()
    return site


def test_an_issue_is_created_once(fate: Fate, jira: FakeJira) -> None:
    wanted: JSONObject = {"projectKey": "PROMOTE", "summary": "Release"}

    promotion = survived(fate, jira, Effect("POST", r"/issue$"), createIssue=wanted)

    assert [it.fields["summary"] for it in jira.issues.values()] == ["old", "Release"]
    assert promotion.state["it"] == {"key": "PROMOTE-2"}
    metadata = Freight.objects.get(pk=promotion.freight_id).metadata
    assert metadata == {"jira-issue-key": "PROMOTE-2"}


def test_an_issue_that_jira_finds_late_is_created_once(fate: Fate, jira: FakeJira) -> None:
    jira.lag = 2
    wanted: JSONObject = {"projectKey": "PROMOTE", "summary": "Release"}

    survived(fate, jira, Effect("POST", r"/issue$"), createIssue=wanted)

    assert len(jira.issues) == 2


def test_an_issue_is_updated(fate: Fate, jira: FakeJira) -> None:
    changes: JSONObject = {"issueKey": "PROMOTE-1", "summary": "new", "addLabels": ["out"]}

    survived(fate, jira, Effect("PUT", r"/issue/PROMOTE-1$"), updateIssue=changes)

    fields = jira.issues["PROMOTE-1"].fields
    assert (fields["summary"], fields["labels"]) == ("new", ["out"])


def test_an_issue_is_moved_once(fate: Fate, jira: FakeJira) -> None:
    changes: JSONObject = {"issueKey": "PROMOTE-1", "status": "In Progress"}

    survived(fate, jira, Effect("POST", r"/transitions$"), updateIssue=changes)

    assert jira.issues["PROMOTE-1"].status == "In Progress"


def test_an_issue_is_deleted(fate: Fate, jira: FakeJira) -> None:
    survived(
        fate,
        jira,
        Effect("DELETE", r"/issue/PROMOTE-1"),
        deleteIssue={"issueKey": "PROMOTE-1"},
    )

    assert jira.issues == {}


def test_an_issue_is_commented_on_once(fate: Fate, jira: FakeJira) -> None:
    promotion = survived(
        fate,
        jira,
        Effect("POST", r"/comment$"),
        commentOnIssue={"issueKey": "PROMOTE-1", "body": "hello"},
    )

    assert list(jira.issues["PROMOTE-1"].comments) == [promotion.state["it"]["commentID"]]


def test_a_comment_is_deleted(fate: Fate, jira: FakeJira) -> None:
    jira.issues["PROMOTE-1"].comments = {"20001": {"id": "20001"}, "20002": {"id": "20002"}}

    survived(
        fate,
        jira,
        Effect("DELETE", r"/comment/20001$"),
        deleteComment={"issueKey": "PROMOTE-1", "commentID": "20001"},
    )

    assert list(jira.issues["PROMOTE-1"].comments) == ["20002"]
