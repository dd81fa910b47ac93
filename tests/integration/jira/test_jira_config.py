"""The ``jira`` step: what it may be told, and what it says that it would do."""

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import EffectingRunner
from promotions.engine.schema import ConfigSchema
from promotions.steps.support.jira_schema import SCHEMA
from tests.integration.jira.world import DOCUMENT, NEW, SECRET, World
from tests.unit.steps.contexts import context


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ({"createIssue": NEW}, "create an issue in Jira's project PROMOTE"),
        ({"updateIssue": {"issueKey": "A-1"}}, "update Jira's issue A-1"),
        ({"deleteIssue": {"issueKey": "A-1"}}, "delete Jira's issue A-1"),
        ({"commentOnIssue": {"issueKey": "A-1", "body": "{x}"}}, "comment on Jira's issue A-1"),
        (
            {"deleteComment": {"issueKey": "A-1", "commentID": 1}},
            "delete a comment on Jira's issue A-1",
        ),
        ({"searchIssue": {"jql": "x"}}, ""),
        ({"waitForStatus": {"issueKey": "A-1", "expectedStatus": "x"}}, ""),
    ],
)
def test_a_preview_says_what_would_be_changed(
    world: World, operation: JSONObject, words: str
) -> None:
    step: EffectingRunner = world.step

    config = {"credentials": {"secretName": "jira"}, **operation}
    assert step.would(context(world.workdir, config)) == words


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        ({"credentials": SECRET, "createIssue": NEW}, True),
        ({"credentials": {"sharedSecretName": "x", "secretName": ""}, "createIssue": NEW}, True),
        ({"credentials": {}, "createIssue": NEW}, False),
        ({"credentials": {"sharedSecretName": "x", "secretName": "y"}, "createIssue": NEW}, False),
        ({"credentials": {**SECRET, "namespace": "x"}, "createIssue": NEW}, False),
        ({"createIssue": NEW}, False),
        ({"credentials": SECRET}, False),
        ({"credentials": SECRET, "createIssue": NEW, "deleteIssue": {"issueKey": "x"}}, False),
        ({"credentials": SECRET, "createIssue": {"summary": "x"}}, False),
        ({"credentials": SECRET, "createIssue": {**NEW, "summary": ""}}, False),
        (
            {
                "credentials": SECRET,
                "createIssue": {**NEW, "description": "a", "adfDescription": DOCUMENT},
            },
            False,
        ),
        ({"credentials": SECRET, "createIssue": {**NEW, "unknown": 1}}, False),
        ({"credentials": SECRET, "updateIssue": {"issueKey": ""}}, False),
        ({"credentials": SECRET, "updateIssue": {"issueKey": "x"}}, True),
        ({"credentials": SECRET, "commentOnIssue": {"issueKey": "x"}}, False),
        ({"credentials": SECRET, "commentOnIssue": {"issueKey": "x", "body": ""}}, False),
        (
            {
                "credentials": SECRET,
                "commentOnIssue": {"issueKey": "x", "body": "a", "adfBody": {}},
            },
            True,
        ),
        (
            {
                "credentials": SECRET,
                "commentOnIssue": {"issueKey": "x", "body": "a", "adfBody": DOCUMENT},
            },
            False,
        ),
        ({"credentials": SECRET, "deleteComment": {"issueKey": "x", "commentID": 1.5}}, False),
        ({"credentials": SECRET, "searchIssue": {"jql": ""}}, False),
        (
            {"credentials": SECRET, "searchIssue": {"jql": "x", "fields": [{"key": None}, "a"]}},
            True,
        ),
        (
            {
                "credentials": SECRET,
                "waitForStatus": {"issueKey": "x", "expectedStatus": "y", "pollInterval": "z"},
            },
            False,
        ),
    ],
)
def test_a_configuration_names_one_operation_and_one_secret(
    config: JSONObject, *, valid: bool
) -> None:
    assert (not ConfigSchema("jira", SCHEMA).problems(config)) is valid
