"""Asks Jira Cloud about issues.

Source: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ for the requests;
https://developer.atlassian.com/changelog/#CHANGE-2046 for the search by ``/search/jql``.
"""

import base64
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlsplit

from common.egress import EgressPolicy
from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.gateways.json_api import JsonApi
from promotions.ports.jira import JiraIssues, JiraSite
from promotions.ports.scm import ScmNotFoundError

PROPERTY = "kargo-promotion"
"""Name of the property that holds the mark of an issue or a comment."""
MAX_PAGES = 10
PAGE_SIZE = 100

_API = "/rest/api/3"
_LOOK_BACK_DAYS = 7
_ALL_FIELDS = ("*navigable",)
_OK = 200


@dataclass(frozen=True, slots=True)
class JiraCloud:
    """Satisfies :class:`promotions.ports.jira.Jira`.

    Attributes:
        policy: Which addresses may be connected to.
        allow_over_http: Whether credentials may be sent unencrypted.
        max_wait: How long to try again while Jira does not answer or asks to wait.
    """

    policy: EgressPolicy
    allow_over_http: bool = False
    max_wait: timedelta = timedelta(seconds=30)

    def issues(self, site: JiraSite) -> JiraIssues:
        """Return the issues of a site."""
        pair = base64.b64encode(f"{site.username}:{site.password}".encode()).decode()
        headers = (("Authorization", f"Basic {pair}"), ("Accept", "application/json"))
        return SiteIssues(
            JsonApi(
                self.policy,
                self._base_url(site.domain),
                headers=headers,
                name="Jira",
                max_wait=self.max_wait,
            )
        )

    def _base_url(self, domain: str) -> str:
        """Return the address of the REST API.

        Raises:
            InvalidError: The domain is neither a host nor a plain address, or gets no credentials.
        """
        address = domain.strip().rstrip("/")
        address = address if "://" in address else f"https://{address}"
        scheme = _plain_scheme(address)
        if not scheme:
            raise InvalidError("The domain of the Jira site is neither a host nor an address.")
        if scheme != "https" and not (scheme == "http" and self.allow_over_http):
            raise InvalidError("The address of the Jira site must begin with https://.")
        return f"{address}{_API}"


@dataclass(frozen=True, slots=True)
class SiteIssues:
    """Satisfies :class:`promotions.ports.jira.JiraIssues`."""

    api: JsonApi

    def create(self, fields: JSONObject, *, mark: str) -> str:
        """Create an issue with a property that holds the mark."""
        body: JSONObject = {"fields": fields, "properties": _properties(mark)}
        return as_text(as_object(self.api.call("POST", "issue", body=body).body).get("key"))

    def find_created(self, *, project: str, mark: str) -> str:
        """Look through what this account created lately, the newest first."""
        quoted = project.replace("\\", "\\\\").replace('"', '\\"')
        jql = (
            f'project = "{quoted}" AND creator = currentUser()'
            f" AND created >= -{_LOOK_BACK_DAYS}d ORDER BY created DESC"
        )
        query: dict[str, JSONValue] = {"jql": jql, "fields": ["key"], "properties": [PROPERTY]}
        for issue in self._found(query, page_size=PAGE_SIZE):
            if as_object(issue.get("properties")).get(PROPERTY) == mark:
                return as_text(issue.get("key"))
        return ""

    def edit(
        self,
        key: str,
        *,
        fields: JSONObject,
        add_labels: Sequence[str] = (),
        remove_labels: Sequence[str] = (),
    ) -> None:
        """Set all at once; without anything to set, nothing is sent."""
        labels: list[JSONValue] = [{"add": label} for label in add_labels]
        labels += [{"remove": label} for label in remove_labels]
        body: dict[str, JSONValue] = {}
        if fields:
            body["fields"] = fields
        if labels:
            body["update"] = {"labels": labels}
        if body:
            self.api.call("PUT", _issue(key), body=body)

    def status(self, key: str) -> str:
        """Return the name of the status."""
        answer = self.api.call("GET", _issue(key), params=[("fields", "status")])
        fields = as_object(as_object(answer.body).get("fields"))
        return as_text(as_object(fields.get("status")).get("name"))

    def move(self, key: str, *, status: str) -> bool:
        """Make the first transition whose target has the name, whatever its case."""
        path = f"{_issue(key)}/transitions"
        answer = as_object(self.api.call("GET", path).body)
        for transition in map(as_object, as_list(answer.get("transitions"))):
            target = as_text(as_object(transition.get("to")).get("name"))
            if target.casefold() == status.casefold():
                self.api.call("POST", path, body={"transition": {"id": transition.get("id")}})
                return True
        return False

    def delete(self, key: str, *, with_subtasks: bool) -> None:
        """Delete it, and its subtasks if asked; Jira refuses if there are some and it is not."""
        params = [("deleteSubtasks", "true" if with_subtasks else "false")]
        with suppress(ScmNotFoundError):
            self.api.call("DELETE", _issue(key), params=params)

    def search(
        self, jql: str, *, fields: Sequence[str], expands: Sequence[str], most: int
    ) -> Sequence[JSONObject]:
        """Return what the query finds; without fields, those that Jira's own lists can show."""
        wanted: list[JSONValue] = list(dict.fromkeys(["key", *(fields or _ALL_FIELDS)]))
        query: dict[str, JSONValue] = {"jql": jql, "fields": wanted}
        if expands:
            query["expand"] = ",".join(expands)
        found: list[JSONObject] = []
        for issue in self._found(query, page_size=most):
            found.append(issue)
            if len(found) == most:
                break
        return found

    def comment(self, key: str, *, body: JSONObject, mark: str) -> str:
        """Comment with a property that holds the mark."""
        content: JSONObject = {"body": body, "properties": _properties(mark)}
        answer = self.api.call("POST", f"{_issue(key)}/comment", body=content)
        return as_text(as_object(answer.body).get("id"))

    def find_comment(self, key: str, *, mark: str) -> str:
        """Look through the issue's comments, the newest first."""
        for start in range(0, MAX_PAGES * PAGE_SIZE, PAGE_SIZE):
            params = [
                ("orderBy", "-created"),
                ("maxResults", str(PAGE_SIZE)),
                ("startAt", str(start)),
            ]
            page = as_object(self.api.call("GET", f"{_issue(key)}/comment", params=params).body)
            found = [as_text(as_object(it).get("id")) for it in as_list(page.get("comments"))]
            marked = self._marked([comment for comment in found if comment.isdigit()], mark)
            if marked or len(found) < PAGE_SIZE:
                return marked
        return ""

    def delete_comment(self, key: str, comment: str) -> None:
        """Delete it."""
        with suppress(ScmNotFoundError):
            self.api.call("DELETE", f"{_issue(key)}/comment/{quote(comment, safe='')}")

    def account(self, email: str) -> str:
        """Return the one account that shows the address, or the only one that Jira finds by it.

        Whether an account shows its address is up to the person.
        """
        answer = self.api.call("GET", "user/search", params=[("query", email)])
        users = [as_object(user) for user in as_list(answer.body)]
        for user in users:
            if as_text(user.get("emailAddress")).casefold() == email.casefold():
                return as_text(user.get("accountId"))
        hidden = [user for user in users if not as_text(user.get("emailAddress"))]
        return as_text(hidden[0].get("accountId")) if len(hidden) == len(users) == 1 else ""

    def _found(self, query: JSONObject, *, page_size: int) -> Iterator[JSONObject]:
        """Yield the issues of a search, page after page."""
        body: dict[str, JSONValue] = {**query, "maxResults": page_size}
        for _ in range(MAX_PAGES):
            page = as_object(self.api.call("POST", "search/jql", body=body).body)
            yield from map(as_object, as_list(page.get("issues")))
            token = page.get("nextPageToken")
            if not token or page.get("isLast") is True:
                return
            body["nextPageToken"] = token

    def _marked(self, comments: Sequence[str], mark: str) -> str:
        if not comments:
            return ""
        answer = self.api.call(
            "POST",
            "comment/list",
            params=[("expand", "properties")],
            body={"ids": [int(comment) for comment in comments]},
            accept=(_OK,),
        )
        for comment in map(as_object, as_list(as_object(answer.body).get("values"))):
            if {"key": PROPERTY, "value": mark} in as_list(comment.get("properties")):
                return as_text(comment.get("id"))
        return ""


def _plain_scheme(address: str) -> str:
    """Return the scheme of an address that has a host and a path at most, else nothing."""
    try:
        parts = urlsplit(address)
        is_plain = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return "" if not is_plain or parts.username or parts.query or parts.fragment else parts.scheme


def _issue(key: str) -> str:
    return f"issue/{quote(key, safe='')}"


def _properties(mark: str) -> JSONValue:
    return [{"key": PROPERTY, "value": mark}]
