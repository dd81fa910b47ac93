"""A fake Jira Cloud that enforces the rules of its REST API, version 3.

From https://developer.atlassian.com/cloud/jira/platform/rest/v3/ :

* Basic authentication with an e-mail address and an API token, on every request (401).
* "Create issue": ``project``, ``summary`` (one line) and ``issuetype`` are required; rich text is
  an Atlassian document; labels have no spaces; an unknown field, type or account is 400, with
  ``errors`` by field. Properties may come along. 201.
* "Edit issue": the same checks; one field may not be in ``fields`` and in ``update``; 204, 404.
* "Delete issue": subtasks must be deleted too (400 otherwise); 204, 404.
* "Get transitions", "Transition issue": by id, only those of the issue's status (400); 204.
* "Search for issues using JQL enhanced search" (``/search/jql``): the query must be bounded (400),
  ``expand`` is one text, pages come by ``nextPageToken``, without ``fields`` there is but the id,
  and a new issue is found only once it is indexed. The old ``/search`` is gone (410).
* "Comments": bodies are Atlassian documents; "Get comments by IDs" shows properties if they are
  expanded. "Find users": by a part of the address, which a user may hide.
* A missing issue is 404 with "Issue does not exist or you do not have permission to see it.".
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from common.jsontypes import JSONValue, as_list, as_object, as_text
from tests.fakes.scm_server import Handler, Json, Refusal, Reply, Request, Routes, refuse

USER, TOKEN = "robot@example.com", "api-token-1234"
ROBOT = "acc-robot"
TRANSITIONS = {
    "To Do": {"11": "In Progress"},
    "In Progress": {"21": "Done", "31": "To Do"},
    "Done": {},
}
_TYPES = frozenset({"Task", "Bug", "Story"})
_FIELDS = frozenset(
    {
        *("project", "summary", "issuetype", "description", "labels", "assignee"),
        *("customfield_10000", "customfield_10001"),
    }
)
_BASE = "/rest/api/3"
_QUERY_KEYS = frozenset({"jql", "fields", "expand", "properties", "maxResults", "nextPageToken"})
_MOST_COMMENTS = 1000


def failure(status: int, *messages: str, **errors: str) -> Reply:
    return Reply(status, {"errorMessages": list(messages), "errors": errors})


MISSING = failure(404, "Issue does not exist or you do not have permission to see it.")


@dataclass
class Issue:
    """One issue; ``fields`` are as they were set, and ``lag`` searches miss it yet."""

    number: int
    key: str
    fields: Json
    creator: str = ROBOT
    status: str = "To Do"
    properties: dict[str, JSONValue] = field(default_factory=dict)
    comments: dict[str, Json] = field(default_factory=dict)
    subtasks: list[str] = field(default_factory=list)
    is_indexed: bool = True
    lag: int = 0


@dataclass
class FakeJira:
    """One site. ``page_size`` is the largest page of a search; ``hides`` are shy accounts.

    ``lag`` is how many searches miss a new issue.
    """

    projects: tuple[str, ...] = ("PROMOTE",)
    users: dict[str, str] = field(
        default_factory=lambda: {"acc-robot": USER, "acc-alice": "alice@example.com"}
    )
    hides: set[str] = field(default_factory=set)
    issues: dict[str, Issue] = field(default_factory=dict)
    page_size: int = 100
    indexes_at_once: bool = True
    lag: int = 0
    count: int = 0

    def __call__(self, request: Request) -> Reply:
        pair = base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if request.header("Authorization") != f"Basic {pair}":
            return Reply(401, raw=b"Client must be authenticated to access this resource.")
        return Routes(self._table(), missing=Reply(404, raw=b"<html>Not found</html>"))(request)

    def add(self, project: str = "PROMOTE", summary: str = "old", **fields: JSONValue) -> Issue:
        """Add an issue that somebody else created."""
        issue = self._new(project, {"summary": summary, "labels": [], **fields})
        issue.creator = "acc-alice"
        return issue

    def _table(self) -> tuple[tuple[str, str, Handler], ...]:
        one = f"{_BASE}/issue/{{key}}"
        return (
            ("POST", f"{_BASE}/issue", self._create),
            ("GET", one, self._get),
            ("PUT", one, self._edit),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/transitions", self._transitions),
            ("POST", f"{one}/transitions", self._transition),
            ("GET", f"{one}/comment", self._comments),
            ("POST", f"{one}/comment", self._comment),
            ("DELETE", f"{one}/comment/{{comment}}", self._delete_comment),
            ("POST", f"{_BASE}/comment/list", self._listed_comments),
            ("POST", f"{_BASE}/search/jql", self._search),
            ("POST", f"{_BASE}/search", lambda _: failure(410, "The requested API was removed.")),
            ("GET", f"{_BASE}/user/search", self._find_users),
        )

    def _new(self, project: str, fields: Json) -> Issue:
        self.count += 1
        issue = Issue(10_000 + self.count, f"{project}-{self.count}", fields)
        issue.is_indexed = self.indexes_at_once
        issue.lag = self.lag
        self.issues[issue.key] = issue
        return issue

    def _issue(self, key: str) -> Issue:
        refuse(MISSING, when=key not in self.issues)
        return self.issues[key]

    def _create(self, request: Request) -> Reply:
        fields = dict(as_object(request.body.get("fields")))
        project = as_text(as_object(fields.get("project")).get("key"))
        if project not in self.projects:
            return failure(400, project="valid project is required")
        if "issuetype" not in fields:
            return failure(400, issuetype="Specify an issue type")
        if "summary" not in fields:
            return failure(400, summary="You must specify a summary of the issue.")
        self._check(fields)
        issue = self._new(project, {"labels": [], **fields})
        issue.properties = _properties(request)
        return Reply(201, {"id": str(issue.number), "key": issue.key, "self": ""})

    def _get(self, request: Request, key: str) -> Reply:
        return Reply(200, _shown(self._issue(key), request.param("fields").split(",")))

    def _edit(self, request: Request, key: str) -> Reply:
        issue = self._issue(key)
        fields, update = (dict(as_object(request.body.get(it))) for it in ("fields", "update"))
        for name in fields.keys() & update.keys():
            return failure(400, **{name: f"Field '{name}' cannot be set twice."})
        self._check(fields)
        issue.fields |= fields
        labels = [as_text(it) for it in as_list(issue.fields.get("labels"))]
        for change in map(as_object, as_list(update.get("labels"))):
            _check_label(as_text(change.get("add")))
            labels = [it for it in labels if it not in {change.get("remove"), change.get("add")}]
            labels += [as_text(change["add"])] if "add" in change else []
        issue.fields["labels"] = labels
        return Reply(204)

    def _delete(self, request: Request, key: str) -> Reply:
        issue = self._issue(key)
        if issue.subtasks and request.param("deleteSubtasks") != "true":
            return failure(400, f"The issue '{key}' has subtasks. You must specify deleteSubtasks.")
        for each in [key, *issue.subtasks]:
            self.issues.pop(each, None)
        return Reply(204)

    def _transitions(self, _request: Request, key: str) -> Reply:
        found = TRANSITIONS[self._issue(key).status]
        shown: list[JSONValue] = [
            {"id": number, "name": f"Go {number}", "to": {"name": name}}
            for number, name in found.items()
        ]
        return Reply(200, {"expand": "transitions", "transitions": shown})

    def _transition(self, request: Request, key: str) -> Reply:
        issue = self._issue(key)
        number = as_object(request.body.get("transition")).get("id")
        if number not in TRANSITIONS[issue.status]:
            return failure(400, "Transition id is not valid for this issue.")
        issue.status = TRANSITIONS[issue.status][as_text(number)]
        return Reply(204)

    def _comments(self, request: Request, key: str) -> Reply:
        issue = self._issue(key)
        found = [{"id": name, "body": it["body"]} for name, it in issue.comments.items()]
        if request.param("orderBy") == "-created":
            found.reverse()
        start, most = (int(request.param(it) or "0") for it in ("startAt", "maxResults"))
        shown: list[JSONValue] = [*found[start : start + (most or 50)]]
        return Reply(200, {"comments": shown, "startAt": start, "total": len(found)})

    def _comment(self, request: Request, key: str) -> Reply:
        issue = self._issue(key)
        _check_document("comment", request.body.get("body"))
        self.count += 1
        name = str(20_000 + self.count)
        issue.comments[name] = {
            "id": name,
            "body": request.body["body"],
            "properties": [{"key": it, "value": v} for it, v in _properties(request).items()],
        }
        return Reply(201, {"id": name, "body": request.body["body"]})

    def _delete_comment(self, _request: Request, key: str, comment: str) -> Reply:
        if self._issue(key).comments.pop(comment, None) is None:
            return failure(404, f"Can not find a comment for the id: {comment}.")
        return Reply(204)

    def _listed_comments(self, request: Request) -> Reply:
        wanted = as_list(request.body.get("ids"))
        if not wanted or len(wanted) > _MOST_COMMENTS or not all(type(it) is int for it in wanted):
            return failure(400, "ids must be 1 to 1000 numbers.")
        every = {name: it for issue in self.issues.values() for name, it in issue.comments.items()}
        is_expanded = "properties" in request.param("expand").split(",")
        shown: list[JSONValue] = [
            {key: value for key, value in every[name].items() if is_expanded or key != "properties"}
            for name in map(str, wanted)
            if name in every
        ]
        return Reply(200, {"values": shown, "isLast": True})

    def _search(self, request: Request) -> Reply:
        query = request.body
        if query.keys() - _QUERY_KEYS or not isinstance(query.get("expand", ""), str):
            return failure(400, "Invalid request payload. Refer to the REST API documentation.")
        found = list(self._found(as_text(query.get("jql"))))
        start = int(as_text(query.get("nextPageToken")) or "0")
        wanted = query.get("maxResults", 50)
        end = start + min(wanted if isinstance(wanted, int) else 50, self.page_size)
        names = [as_text(it) for it in as_list(query.get("fields"))]
        expanded = as_text(query.get("expand"))
        shown: list[JSONValue] = []
        for issue in found[start:end]:
            item = _shown(issue, names)
            item |= {name: {} for name in expanded.split(",") if name}
            properties = {
                it: issue.properties.get(as_text(it)) for it in as_list(query.get("properties"))
            }
            item |= (
                {"properties": {as_text(k): v for k, v in properties.items()}} if properties else {}
            )
            shown.append(item)
        page: Json = {"issues": shown, "isLast": end >= len(found)}
        return Reply(200, page | ({} if end >= len(found) else {"nextPageToken": str(end)}))

    def _found(self, jql: str) -> Iterator[Issue]:
        """Yield the issues that fit; the language here is ``a = b AND …``, newest first."""
        clauses = re.split(r"\s+and\s+", jql.partition(" ORDER BY ")[0], flags=re.IGNORECASE)
        conditions = [clause.split(maxsplit=2) for clause in clauses if clause.strip()]
        if not conditions:
            raise Refusal(failure(400, "Unbounded JQL queries are not allowed here."))
        for issue in reversed(self.issues.values()):
            issue.lag -= 1
            if issue.lag >= 0:
                continue
            if issue.is_indexed and all(self._fits(issue, it) for it in conditions):
                yield issue

    def _fits(self, issue: Issue, condition: list[str]) -> bool:
        name, operator, value = condition
        match name, operator, value.strip('"'):
            case "project", "=", project:
                return issue.key.startswith(f"{project}-")
            case "labels", "=" | "IN", labels:
                wanted = labels.strip("()").split(", ")
                return any(label in as_list(issue.fields.get("labels")) for label in wanted)
            case "status", "!=", status:
                return issue.status != status
            case "creator", "=", "currentUser()":
                return issue.creator == ROBOT
            case "created", ">=" | "<=", _:
                return True
            case _:
                message = f"Error in the JQL Query: '{' '.join(condition)}'."
                raise Refusal(failure(400, message))

    def _find_users(self, request: Request) -> Reply:
        query = request.param("query").lower()
        shown: list[JSONValue] = [
            {
                "accountId": account,
                "displayName": email.partition("@")[0],
                **({} if account in self.hides else {"emailAddress": email}),
            }
            for account, email in self.users.items()
            if query in email.lower()
        ]
        return Reply(200, shown)

    def _check(self, fields: Json) -> None:
        for name in fields.keys() - _FIELDS:
            message = (
                f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            )
            raise Refusal(failure(400, **{name: message}))
        summary = fields.get("summary", "x")
        is_line = isinstance(summary, str) and summary.strip() and "\n" not in summary
        refuse(failure(400, summary="The summary is invalid."), when=not is_line)
        kind = as_object(fields.get("issuetype", {"name": "Task"})).get("name")
        refuse(failure(400, issuetype="Specify a valid issue type"), when=kind not in _TYPES)
        account = as_object(fields.get("assignee", {"accountId": ROBOT})).get("accountId")
        refuse(
            failure(400, assignee=f"User '{account}' cannot be assigned"),
            when=account not in self.users,
        )
        for label in as_list(fields.get("labels")):
            _check_label(as_text(label))
        if "description" in fields:
            _check_document("description", fields["description"])


def _shown(issue: Issue, names: list[str]) -> Json:
    known: Json = {**issue.fields, "status": {"name": issue.status}}
    is_every = bool({"*all", "*navigable", ""} & set(names))
    shown: Json = {"id": str(issue.number)}
    if names:
        shown |= {"key": issue.key, "self": f"{_BASE}/issue/{issue.number}"}
        shown["fields"] = {it: v for it, v in known.items() if is_every or it in names}
    return shown


def _properties(request: Request) -> dict[str, JSONValue]:
    given = map(as_object, as_list(request.body.get("properties")))
    return {as_text(it["key"]): it["value"] for it in given}


def _check_label(label: str) -> None:
    message = f"The label '{label}' contains spaces which is invalid."
    refuse(failure(400, labels=message), when=" " in label)


def _check_document(name: str, value: JSONValue) -> None:
    message = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    refuse(failure(400, **{name: message}), when=not _is_document(as_object(value)))


def _is_document(document: object) -> bool:
    value = as_object(document) if isinstance(document, dict) else {}
    return (value.get("type"), value.get("version")) == ("doc", 1) and _is_content(value)


def _is_content(node: object) -> bool:
    """Return whether every node has a type, and every text is one."""
    if not isinstance(node, dict) or not isinstance(node.get("type"), str):
        return False
    if node["type"] == "text" and not node.get("text"):
        return False
    return all(_is_content(child) for child in node.get("content", []))
