"""The ``jira`` step, over HTTP against a server with Jira's rules."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.documents.adf import adf_document
from promotions.engine.runner import StepError, StepStatus
from promotions.gateways.jira import JiraCloud
from promotions.ports.jira import JiraSite
from tests.fakes.jira import TOKEN, USER
from tests.fakes.scm_server import Fault, Reply
from tests.integration.jira.world import DOCUMENT, FREIGHT, NEW, POLICY, World
from tests.unit.steps.contexts import context

LOST = Reply(503, {"errorMessages": ["gone"]})


def test_an_issue_is_created_and_its_key_kept_with_the_freight(world: World) -> None:
    fields: JSONObject = {
        **NEW,
        "description": "Promoting v1.\n\nPlease look.",
        "issueType": "Bug",
        "assigneeEmail": "Alice@example.com",
        "labels": ["promotion", "env-test"],
        "customFields": {"customfield_10000": "test"},
    }

    result = world.run(createIssue=fields)

    assert result.output == {"key": "PROMOTE-1"}
    assert world.metadata.objects[FREIGHT] == {"jira-issue-key": "PROMOTE-1"}
    assert world.site.issues["PROMOTE-1"].fields == {
        "project": {"key": "PROMOTE"},
        "summary": "Promote v1",
        "description": adf_document("Promoting v1.\n\nPlease look."),
        "issuetype": {"name": "Bug"},
        "assignee": {"accountId": "acc-alice"},
        "labels": ["promotion", "env-test"],
        "customfield_10000": "test",
    }


def test_little_is_needed_to_create_an_issue(world: World) -> None:
    world.run(
        credentials={"sharedSecretName": "common"}, createIssue={**NEW, "issueAlias": "change"}
    )

    assert world.site.issues["PROMOTE-1"].fields["issuetype"] == {"name": "Task"}
    assert world.metadata.objects[FREIGHT] == {"change": "PROMOTE-1"}


def test_a_document_may_be_given_instead_of_text(world: World) -> None:
    world.run(createIssue={**NEW, "adfDescription": DOCUMENT, "description": ""})
    world.run(commentOnIssue={"issueKey": "PROMOTE-1", "adfBody": DOCUMENT})

    issue = world.site.issues["PROMOTE-1"]
    assert issue.fields["description"] == DOCUMENT
    assert [it["body"] for it in issue.comments.values()] == [DOCUMENT]


@pytest.mark.parametrize("lost_at", ["before", "after", "after saving"])
def test_an_issue_is_created_once_whenever_the_worker_dies(world: World, lost_at: str) -> None:
    world.site.add()
    if lost_at == "after saving":
        world.state["step-1"] = as_object(world.run(createIssue=NEW).output)
        world.site.indexes_at_once = False
    else:
        fault = {"before": Fault("POST", "/issue$", before=LOST)}
        world.server.fail(fault.get(lost_at, Fault("POST", "/issue$", after=LOST)))
        assert not world.fails("503", createIssue=NEW).terminal

    if lost_at == "before":
        assert world.run(createIssue=NEW).status is StepStatus.RUNNING
        world.now += timedelta(seconds=30)
    result = world.run(createIssue=NEW)

    assert result.output == {"key": "PROMOTE-2"}
    assert list(world.site.issues) == ["PROMOTE-1", "PROMOTE-2"]
    assert world.metadata.objects[FREIGHT] == {"jira-issue-key": "PROMOTE-2"}


def test_an_issue_that_jira_does_not_find_yet_is_waited_for(world: World) -> None:
    world.site.indexes_at_once = False
    world.server.fail(Fault("POST", "/issue$", after=LOST))
    world.fails("503", createIssue=NEW)

    waiting = world.run(createIssue=NEW)
    world.site.issues["PROMOTE-1"].is_indexed = True
    result = world.run(createIssue=NEW)

    assert waiting.status is StepStatus.RUNNING
    assert result.output == {"key": "PROMOTE-1"}
    assert list(world.site.issues) == ["PROMOTE-1"]


def test_the_key_is_put_out_also_if_the_metadata_cannot_be_written(world: World) -> None:
    world.metadata.objects.clear()

    error = world.fails("not found", createIssue=NEW)

    assert error.output == {"key": "PROMOTE-1"}
    assert not error.terminal


def test_another_promotion_creates_an_issue_of_its_own(world: World) -> None:
    world.run(createIssue=NEW)
    other = replace(
        context(world.workdir, {"credentials": {"secretName": "jira"}, "createIssue": NEW}),
        promotion_uid="u2",
    )

    assert world.step.run(other).output == {"key": "PROMOTE-2"}


def test_a_mark_is_found_on_a_later_page(world: World) -> None:
    world.server.fail(Fault("POST", "/issue$", after=LOST))
    world.fails("503", createIssue=NEW)
    for _ in range(3):
        world.site.add().creator = "acc-robot"
    world.site.page_size = 2

    assert world.run(createIssue=NEW).output == {"key": "PROMOTE-1"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"projectKey": "NOPE"}, "valid project is required"),
        ({"projectKey": 'X" OR key = "Y'}, "JQL Query|valid project"),
        ({"issueType": "Epic"}, "Specify a valid issue type"),
        ({"summary": "two\nlines"}, "summary is invalid"),
        ({"labels": ["two words"]}, "contains spaces"),
        ({"customFields": {"customfield_9": 1}}, "customfield_9.*cannot be set"),
        ({"adfDescription": {"type": "doc"}}, "Atlassian Document"),
        ({"assigneeEmail": "nobody@example.com"}, "no account with the e-mail address"),
    ],
)
def test_what_jira_refuses_ends_the_promotion(
    world: World, fields: JSONObject, message: str
) -> None:
    error = world.fails(message, createIssue={**NEW, **fields})

    assert (error.failed, error.terminal) == (True, True)
    assert not world.site.issues


def test_an_address_that_is_hidden_is_enough_if_it_finds_one_account(world: World) -> None:
    world.site.hides = {"acc-alice"}

    error = world.fails("no account", createIssue={**NEW, "assigneeEmail": "example.com"})
    world.run(createIssue={**NEW, "assigneeEmail": "alice@example.com"})

    assert error.terminal
    assert world.site.issues["PROMOTE-1"].fields["assignee"] == {"accountId": "acc-alice"}


def test_an_issue_is_updated_and_twice_is_like_once(world: World) -> None:
    world.site.add(labels=["env-test", "keep"])
    fields: JSONObject = {
        "issueKey": "PROMOTE-1",
        "summary": "new",
        "description": "text",
        "addLabels": ["env-uat"],
        "removeLabels": ["env-test"],
        "customFields": {"customfield_10001": 7},
        "status": "IN PROGRESS",
    }

    results = [world.run(updateIssue=fields) for _ in range(2)]

    issue = world.site.issues["PROMOTE-1"]
    assert issue.fields == {
        "summary": "new",
        "description": adf_document("text"),
        "labels": ["keep", "env-uat"],
        "customfield_10001": 7,
    }
    assert issue.status == "In Progress"
    assert len([it for it in world.server.sent("POST") if it.path.endswith("/transitions")]) == 1
    assert {it.output for it in results} == {None}


def test_a_status_that_no_transition_leads_to_ends_the_promotion(world: World) -> None:
    world.site.add()

    error = world.fails(
        'no transition of issue PROMOTE-1 leads to the status "DONE" now',
        updateIssue={"issueKey": "PROMOTE-1", "status": "DONE"},
    )

    assert (error.failed, error.terminal) == (True, True)


@pytest.mark.parametrize(
    "lost", [Fault("POST", "transitions", after=LOST), Fault("PUT", after=LOST)]
)
def test_an_update_whose_answer_is_lost_is_made_once(world: World, lost: Fault) -> None:
    world.site.add()
    fields: JSONObject = {"issueKey": "PROMOTE-1", "status": "In Progress", "addLabels": ["a"]}
    world.server.fail(lost)

    with contextlib.suppress(StepError):  # a PUT was tried again at once
        world.run(updateIssue=fields)
    world.run(updateIssue=fields)

    issue = world.site.issues["PROMOTE-1"]
    assert (issue.status, issue.fields["labels"]) == ("In Progress", ["a"])


def test_an_issue_is_deleted_with_its_subtasks_if_asked(world: World) -> None:
    world.site.add()
    world.site.add().subtasks.append("PROMOTE-1")

    assert world.fails("has subtasks", deleteIssue={"issueKey": "PROMOTE-2"}).terminal
    for _ in range(2):
        world.run(deleteIssue={"issueKey": "PROMOTE-2", "deleteSubtasks": True})

    assert not world.site.issues


def test_a_search_puts_out_the_issue_and_its_key(world: World) -> None:
    world.site.add(labels=["a"])
    world.site.add(labels=["b"])

    found = world.run(searchIssue={"jql": "labels = b", "fields": ["summary"]}).output
    plain = world.run(searchIssue={"jql": "labels = b", "expands": ["changelog"]}).output

    issue = as_object((found or {})["issue"])
    assert (found or {})["key"] == issue["key"] == "PROMOTE-2"
    assert issue["fields"] == {"summary": "old"}
    assert as_object(as_object((plain or {})["issue"])["fields"])["status"] == {"name": "To Do"}
    assert "changelog" in as_object((plain or {})["issue"])


def test_a_search_expects_one_issue_unless_told(world: World) -> None:
    for _ in range(3):
        world.site.add()
    world.site.page_size = 1
    query: JSONObject = {"jql": "project = PROMOTE", "fields": [{"key": None}]}

    several = world.fails("more than one issue", searchIssue=query)
    none = world.fails("found no issue", searchIssue={"jql": "labels = none"})
    wrong = world.fails("Error in the JQL Query", searchIssue={"jql": "x ~ y"})
    first = world.run(searchIssue={**query, "expectMultiple": True})

    assert [(it.failed, it.terminal) for it in (several, none, wrong)] == [(True, True)] * 3
    assert as_text((first.output or {})["key"]) == "PROMOTE-3"


@pytest.mark.parametrize("lost_at", ["before", "after", "after saving"])
def test_a_comment_is_made_once_whenever_the_worker_dies(world: World, lost_at: str) -> None:
    world.site.add().comments |= {str(it): {"id": str(it), "body": DOCUMENT} for it in range(150)}
    fields: JSONObject = {"issueKey": "PROMOTE-1", "body": "Promoted to test."}
    if lost_at == "after saving":
        world.state["step-1"] = as_object(world.run(commentOnIssue=fields).output)
    else:
        fault = {"before": Fault("POST", "/comment$", before=LOST)}
        world.server.fail(fault.get(lost_at, Fault("POST", "/comment$", after=LOST)))
        assert not world.fails("503", commentOnIssue=fields).terminal

    output = world.run(commentOnIssue=fields).output or {}

    made = list(world.site.issues["PROMOTE-1"].comments.values())[150:]
    assert [it["body"] for it in made] == [adf_document("Promoted to test.")]
    assert output == {"commentID": made[0]["id"]}


@pytest.mark.parametrize("comment", ["20001", 20001], ids=["text", "number"])
def test_a_comment_is_deleted_and_twice_is_like_once(world: World, comment: str | int) -> None:
    world.site.add().comments["20001"] = {"id": "20001", "body": DOCUMENT}

    for _ in range(2):
        world.run(deleteComment={"issueKey": "PROMOTE-1", "commentID": comment})

    assert not world.site.issues["PROMOTE-1"].comments


def test_a_status_is_waited_for(world: World) -> None:
    issue = world.site.add()
    wait: JSONObject = {"issueKey": "PROMOTE-1", "expectedStatus": "done"}

    first = world.run(waitForStatus=wait)
    polled = world.run(waitForStatus={**wait, "pollInterval": "30s"})
    issue.status = "Done"
    last = world.run(waitForStatus=wait)

    assert (first.status, first.retry_after) == (StepStatus.RUNNING, None)
    assert (polled.status, polled.retry_after) == (StepStatus.RUNNING, timedelta(seconds=30))
    assert last.status is StepStatus.SUCCEEDED


@pytest.mark.parametrize(
    "operation",
    [
        {"updateIssue": {"issueKey": "PROMOTE-9", "summary": "x"}},
        {"waitForStatus": {"issueKey": "PROMOTE-9", "expectedStatus": "x"}},
        {"commentOnIssue": {"issueKey": "PROMOTE-9", "body": "x"}},
        {"waitForStatus": {"issueKey": "../../user", "expectedStatus": "x"}},
        {"waitForStatus": {"issueKey": "..", "expectedStatus": "x"}},
    ],
)
def test_an_issue_that_is_not_there_ends_the_promotion(world: World, operation: JSONObject) -> None:
    error = world.fails("Jira|no path", **operation)

    assert (error.failed, error.terminal) == (True, True)


@pytest.mark.parametrize(
    ("reply", "terminal"),
    [
        (Reply(500), False),
        (Reply(408), False),
        (Reply(429, headers=(("Retry-After", "3600"),)), False),
        (Reply(401), True),
        (Reply(403), True),
        (Reply(418), True),
        (Reply(200, raw=b"<html>"), False),
    ],
)
def test_what_may_pass_is_tried_again(world: World, reply: Reply, *, terminal: bool) -> None:
    world.server.fail(*[Fault(before=reply)] * 9)

    error = world.fails("Jira", commentOnIssue={"issueKey": "PROMOTE-1", "body": "x"})

    assert (error.failed, error.terminal) == (terminal, terminal)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        ({}, 'Secret "jira" in Project "shop" is missing or has no domain, username, password'),
        ({"domain": "x", "username": "y"}, "has no password"),
        ({"domain": "https://u:p@x", "username": "y", "password": "z"}, "neither a host nor"),
        ({"domain": "https://x?y", "username": "y", "password": "z"}, "neither a host nor"),
        ({"domain": "https://[", "username": "y", "password": "z"}, "neither a host nor"),
        ({"domain": "ftp://x", "username": "y", "password": "z"}, "must begin with https"),
        ({"domain": "169.254.169.254", "username": "y", "password": "z"}, "169.254.169.254"),
    ],
)
def test_a_secret_must_say_where_and_who(world: World, secret: JSONObject, message: str) -> None:
    world.secrets.known["jira", False] = secret

    world.fails(message, deleteIssue={"issueKey": "PROMOTE-1"})


def test_credentials_are_not_sent_in_the_clear_unless_the_operator_allows_it(world: World) -> None:
    site = JiraSite(world.server.url, USER, TOKEN)

    with pytest.raises(InvalidError, match="https://"):
        JiraCloud(POLICY).issues(site)

    assert TOKEN not in repr(site)
    assert TOKEN not in repr(JiraCloud(POLICY, allow_over_http=True).issues(site))
