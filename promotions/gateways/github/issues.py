"""Issues and their comments, through GitHub's REST API.

Source: GitHub REST documentation, "Issues", "Issue comments" and "Search: Search issues and pull
requests".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.gateways.github.access import GitHubRepository
from promotions.gateways.json_api import MAX_PAGES
from promotions.ports.github import Issue, IssueComment, NewIssue
from promotions.ports.scm import ScmUnavailableError

_SEARCHED = 30
_PAGE = ("per_page", "100")
_PAGES_OF_MARKED = 3


@dataclass(frozen=True, slots=True)
class RepositoryIssues:
    """:class:`~promotions.ports.github.GitHubIssues` of one repository."""

    repository: GitHubRepository

    def get(self, number: int) -> Issue:
        """Return an issue or pull request."""
        return _issue(self._call("GET", f"issues/{number}"))

    def search(self, query: str) -> tuple[Issue, ...]:
        """Return the first thirty of this repository that match; new ones may be missing yet."""
        here = f"repo:{self.repository.owner}/{self.repository.name}"
        answer = self.repository.api.call(
            "GET",
            "/search/issues",
            params=(("q", f"{here} {query}"), ("per_page", str(_SEARCHED))),
        )
        found = [as_object(it) for it in as_list(as_object(answer.body).get("items"))]
        return tuple(_issue(it) for it in found if self._is_here(it))

    def find_marked(self, mark: str) -> Issue | None:
        """Return the newest issue with ``mark`` in its body, among the last few hundred."""
        params = (("state", "all"), ("sort", "created"), ("direction", "desc"), _PAGE)
        found = self._marked("issues", mark, params=params, limit=_PAGES_OF_MARKED)
        return _issue(found) if found else None

    def create(self, issue: NewIssue) -> Issue:
        """Open an issue."""
        body: dict[str, JSONValue] = {"title": issue.title}
        if issue.body:
            body["body"] = issue.body
        if issue.labels:
            body["labels"] = list(issue.labels)
        if issue.assignees:
            body["assignees"] = list(issue.assignees)
        return _issue(self._call("POST", "issues", body))

    def update(self, number: int, changes: JSONObject) -> None:
        """Set what ``changes`` names: ``title``, ``body``, ``state``, ``labels``, ``assignees``."""
        self._call("PATCH", f"issues/{number}", changes)

    def find_marked_comment(self, number: int, mark: str) -> IssueComment | None:
        """Return the first comment of an issue with ``mark`` in its body."""
        found = self._marked(f"issues/{number}/comments", mark, params=(_PAGE,))
        return _comment(found) if found else None

    def add_comment(self, number: int, body: str) -> IssueComment:
        """Comment on an issue or pull request."""
        return _comment(self._call("POST", f"issues/{number}/comments", {"body": body}))

    def update_comment(self, comment: int, body: str) -> IssueComment:
        """Replace the text of a comment."""
        return _comment(self._call("PATCH", f"issues/comments/{comment}", {"body": body}))

    def delete_comment(self, comment: int) -> None:
        """Delete a comment."""
        self._call("DELETE", f"issues/comments/{comment}")

    def _marked(
        self, path: str, mark: str, *, params: Sequence[tuple[str, str]], limit: int = MAX_PAGES
    ) -> JSONObject | None:
        full = f"{self.repository.path}/{path}"
        for page in self.repository.api.pages(full, params=params, limit=limit):
            for entry in map(as_object, as_list(page)):
                if mark in as_text(entry.get("body")):
                    return entry
        return None

    def _call(self, method: str, path: str, body: JSONValue = None) -> JSONObject:
        return as_object(
            self.repository.api.call(method, f"{self.repository.path}/{path}", body=body).body
        )

    def _is_here(self, entry: JSONObject) -> bool:
        """Return whether a hit is in this repository: a query may name others too."""
        path = urlsplit(as_text(entry.get("repository_url"))).path.lower()
        return path.endswith(f"/{self.repository.owner}/{self.repository.name}")


def _issue(entry: JSONObject) -> Issue:
    return Issue(
        number=_number(entry, "number"),
        title=as_text(entry.get("title")),
        body=as_text(entry.get("body")),
        state=as_text(entry.get("state")),
        labels=tuple(_label(it) for it in as_list(entry.get("labels"))),
        assignees=tuple(
            as_text(as_object(it).get("login")) for it in as_list(entry.get("assignees"))
        ),
        url=as_text(entry.get("html_url")),
    )


def _label(entry: JSONValue) -> str:
    """Return a label's name; GitHub may show a label as its name alone."""
    return as_text(entry) or as_text(as_object(entry).get("name"))


def _comment(entry: JSONObject) -> IssueComment:
    return IssueComment(_number(entry, "id"), as_text(entry.get("html_url")))


def _number(entry: JSONObject, name: str) -> int:
    value = entry.get(name)
    if not isinstance(value, int):
        raise ScmUnavailableError(f"GitHub's answer has no {name} in it.", retryable=True)
    return value
