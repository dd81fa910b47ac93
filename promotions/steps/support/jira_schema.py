"""The schema of the ``jira`` step's configuration."""

from collections.abc import Mapping, Sequence

from common.jsontypes import JSONObject, JSONValue
from promotions.steps.support.hosts import POLL_INTERVAL_SCHEMA

OPERATIONS = (
    "createIssue",
    "updateIssue",
    "deleteIssue",
    "searchIssue",
    "commentOnIssue",
    "deleteComment",
    "waitForStatus",
)

_TEXT: JSONObject = {"type": "string"}
_REQUIRED_TEXT: JSONObject = {"type": "string", "minLength": 1}
_TEXTS: JSONObject = {"type": "array", "items": _REQUIRED_TEXT}
_OBJECT: JSONObject = {"type": "object"}
_UNSET: JSONObject = {"enum": ["", None, False]}
"""What counts as if it were not there, so that an expression may leave something out."""
_NO_DOCUMENT: JSONObject = {"enum": [None, False, {}]}
_NAME: JSONObject = {"oneOf": [_REQUIRED_TEXT, {"type": "object", "maxProperties": 1}]}


def _fields(required: Sequence[str], **properties: JSONObject) -> dict[str, JSONValue]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
    }


def _alternatives(text: str, document: str) -> tuple[JSONObject, JSONObject]:
    """Return that of a text and a document at most one is there, and that at least one is."""
    no_text: JSONObject = {"properties": {text: _UNSET}}
    no_document: JSONObject = {"properties": {document: _NO_DOCUMENT}}
    at_most: JSONObject = {"anyOf": [no_text, no_document]}
    at_least: JSONObject = {
        "anyOf": [
            {"required": [text], "properties": {text: {"minLength": 1}}},
            {"required": [document], "properties": {document: {"minProperties": 1}}},
        ]
    }
    return at_most, at_least


_ISSUE: Mapping[str, JSONObject] = {
    "summary": _TEXT,
    "description": _TEXT,
    "adfDescription": _OBJECT,
    "issueType": _TEXT,
    "assigneeEmail": _TEXT,
    "customFields": _OBJECT,
}
_ONE_DESCRIPTION, _ = _alternatives("description", "adfDescription")
_ONE_BODY, _ANY_BODY = _alternatives("body", "adfBody")

_CREATE: JSONObject = {
    **_fields(
        ["projectKey", "summary"],
        **{**_ISSUE, "summary": _REQUIRED_TEXT},
        projectKey=_REQUIRED_TEXT,
        labels=_TEXTS,
        issueAlias=_TEXT,
    ),
    **_ONE_DESCRIPTION,
}
_UPDATE: JSONObject = {
    **_fields(
        ["issueKey"],
        **_ISSUE,
        issueKey=_REQUIRED_TEXT,
        status=_TEXT,
        addLabels=_TEXTS,
        removeLabels=_TEXTS,
    ),
    **_ONE_DESCRIPTION,
}
_COMMENT: JSONObject = {
    **_fields(["issueKey"], issueKey=_REQUIRED_TEXT, body=_TEXT, adfBody=_OBJECT),
    "allOf": [_ONE_BODY, _ANY_BODY],
}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "JiraConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["credentials"],
    "properties": {
        "credentials": {
            "description": "The Secret with domain, username and password.",
            **_fields([], secretName=_TEXT, sharedSecretName=_TEXT),
            "oneOf": [
                {
                    "required": ["secretName"],
                    "properties": {"secretName": {"minLength": 1}, "sharedSecretName": _UNSET},
                },
                {
                    "required": ["sharedSecretName"],
                    "properties": {"sharedSecretName": {"minLength": 1}, "secretName": _UNSET},
                },
            ],
        },
        "createIssue": _CREATE,
        "updateIssue": _UPDATE,
        "deleteIssue": _fields(
            ["issueKey"], issueKey=_REQUIRED_TEXT, deleteSubtasks={"type": "boolean"}
        ),
        "searchIssue": _fields(
            ["jql"],
            jql=_REQUIRED_TEXT,
            expectMultiple={"type": "boolean"},
            fields={"type": "array", "items": _NAME},
            expands={"type": "array", "items": _NAME},
        ),
        "commentOnIssue": _COMMENT,
        "deleteComment": _fields(
            ["issueKey", "commentID"],
            issueKey=_REQUIRED_TEXT,
            commentID={"type": ["string", "integer"], "minLength": 1},
        ),
        "waitForStatus": _fields(
            ["issueKey", "expectedStatus"],
            issueKey=_REQUIRED_TEXT,
            expectedStatus=_REQUIRED_TEXT,
            pollInterval=POLL_INTERVAL_SCHEMA,
        ),
    },
    "oneOf": [{"required": [operation]} for operation in OPERATIONS],
}
