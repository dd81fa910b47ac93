"""The fake GitHub's issues, labels, comments and search.

* "Issues: Create an issue": ``title`` is required (422); labels that are new are made; at most
  ten assignees, each of whom must be known (422). "Issues: Get an issue": also a pull request;
  404, or 410 if it was deleted. "Issues: Update an issue": ``labels`` and ``assignees`` replace;
  ``state`` is open or closed (422). "Issues: List repository issues": ``state`` (open), newest
  first. "Labels: Add labels to an issue": for pull requests too.
* "Issue comments": create (``body`` is required, 422), list from the oldest, update, delete (204);
  404 for one that is not there. A body has at most 65,536 characters (422).
* "Search: Search issues and pull requests": ``q`` is required (422); qualifiers ``repo``, ``is``,
  ``label``; what is in ``unindexed`` of the repository is not found yet.
"""

import shlex
from collections.abc import Sequence

from common.jsontypes import JSONValue, as_list, as_object, as_text
from tests.fakes.github import FakeGitHub, Repository, error, invalid, paged
from tests.fakes.scm_server import Handler, Json, Refusal, Reply, Request

_MOST_ASSIGNEES = 10
_LONGEST_BODY = 65_536
_KNOWN = frozenset({"alice", "bob", *(f"user{number}" for number in range(20))})


def routes(github: FakeGitHub) -> Sequence[tuple[str, str, Handler]]:
    base = "/repos/{owner}/{repo}/issues"
    server = _Issues(github)
    return (
        ("POST", base, server.create),
        ("GET", base, server.list),
        ("PATCH", f"{base}/comments/{{comment}}", server.update_comment),
        ("DELETE", f"{base}/comments/{{comment}}", server.delete_comment),
        ("GET", f"{base}/{{number}}", server.get),
        ("PATCH", f"{base}/{{number}}", server.update),
        ("POST", f"{base}/{{number}}/labels", server.add_labels),
        ("POST", f"{base}/{{number}}/comments", server.comment),
        ("GET", f"{base}/{{number}}/comments", server.list_comments),
        ("GET", "/search/issues", server.search),
    )


def new_item(github: FakeGitHub, repository: Repository, title: str, *, kind: str) -> Json:
    """Return a new issue or pull request, which the repository has from now on."""
    number = repository.next_number()
    item: Json = {
        "number": number,
        "title": title,
        "body": None,
        "state": "open",
        "labels": [],
        "assignees": [],
        "created_at": github.time(),
        "repository_url": f"{github.url}/api/v3/repos/{repository.full_name}",
        "html_url": f"{github.url}/{repository.full_name}/{kind}/{number}",
    }
    repository.items[number] = item
    return item


class _Issues:
    def __init__(self, github: FakeGitHub) -> None:
        self.github = github

    def create(self, request: Request, owner: str, repo: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        title = request.body.get("title")
        if not isinstance(title, str) or not title.strip():
            return invalid("Issue", "title", "missing_field")
        changes = {name: value for name, value in request.body.items() if name != "title"}
        _check(changes)
        item = new_item(self.github, repository, title, kind="issues")
        _apply(item, changes)
        return Reply(201, item)

    def list(self, request: Request, owner: str, repo: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        state = request.param("state") or "open"
        found = [it for it in repository.items.values() if state in {"all", it["state"]}]
        newest_first: list[JSONValue] = list(reversed(found))
        return paged(request, newest_first)

    def get(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        return Reply(200, _item(repository, number))

    def update(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        item = _item(repository, number)
        _check(request.body)
        _apply(item, request.body)
        return Reply(200, item)

    def add_labels(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        item = _item(repository, number)
        labels = [as_text(it) for it in as_list(request.body.get("labels"))]
        if not labels or not all(labels):
            return invalid("Label", "name", "missing_field")
        known = [as_text(as_object(it).get("name")) for it in as_list(item["labels"])]
        item["labels"] = [{"name": name} for name in dict.fromkeys([*known, *labels])]
        return Reply(200, item["labels"])

    def comment(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        item = _item(repository, number)
        body = _body(request)
        comment_id = 1000 + len(repository.comments)
        comment: Json = {
            "id": comment_id,
            "body": body,
            "issue": item["number"],
            "html_url": f"{item['html_url']}#issuecomment-{comment_id}",
        }
        repository.comments[comment_id] = comment
        return Reply(201, comment)

    def list_comments(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        wanted = _item(repository, number)["number"]
        return paged(request, [it for it in repository.comments.values() if it["issue"] == wanted])

    def update_comment(self, request: Request, owner: str, repo: str, comment: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        found = repository.comments.get(int(comment))
        if found is None:
            return error(404, "Not Found")
        found["body"] = _body(request)
        return Reply(200, found)

    def delete_comment(self, request: Request, owner: str, repo: str, comment: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        gone = repository.comments.pop(int(comment), None)
        return Reply(204) if gone else error(404, "Not Found")

    def search(self, request: Request) -> Reply:
        caller = self.github.caller(request)
        words = shlex.split(request.param("q"))
        if not words:
            return invalid("Search", "q", "missing")
        names = [word.removeprefix("repo:").lower() for word in words if word.startswith("repo:")]
        found: list[JSONValue] = [
            item
            for name in names
            if (repository := self.github.repositories.get(name)) is not None
            and (caller is None or caller.sees(repository.name.lower()))
            for number, item in repository.items.items()
            if number not in repository.unindexed and _matches(item, words)
        ]
        return paged(request, found, wrap="items")


def _item(repository: Repository, number: str) -> Json:
    found = repository.items.get(int(number)) if number.isdigit() else None
    if found is None:
        raise Refusal(error(404, "Not Found"))
    if found["state"] == "deleted":
        raise Refusal(error(410, "This issue was deleted"))
    return found


def _check(changes: Json) -> None:
    title, state = changes.get("title", "x"), changes.get("state", "open")
    if not isinstance(title, str) or not title.strip():
        raise Refusal(invalid("Issue", "title", "missing_field"))
    if state not in {"open", "closed"}:
        raise Refusal(invalid("Issue", "state", "invalid"))
    assignees = as_list(changes.get("assignees"))
    if len(assignees) > _MOST_ASSIGNEES or not set(map(as_text, assignees)) <= _KNOWN:
        raise Refusal(invalid("Issue", "assignees", "invalid"))
    if len(as_text(changes.get("body"))) > _LONGEST_BODY:
        raise Refusal(invalid("Issue", "body", "custom", "body is too long"))


def _apply(item: Json, changes: Json) -> None:
    for name in ("title", "body", "state"):
        if name in changes:
            item[name] = changes[name]
    if "labels" in changes:
        item["labels"] = [{"name": it} for it in as_list(changes["labels"])]
    if "assignees" in changes:
        item["assignees"] = [{"login": it} for it in as_list(changes["assignees"])]


def _body(request: Request) -> str:
    body = request.body.get("body")
    if not isinstance(body, str) or not body.strip():
        raise Refusal(invalid("IssueComment", "body", "missing_field"))
    if len(body) > _LONGEST_BODY:
        raise Refusal(invalid("IssueComment", "body", "custom", "body is too long"))
    return body


def _matches(item: Json, words: Sequence[str]) -> bool:
    labels = [as_text(as_object(it).get("name")) for it in as_list(item["labels"])]
    for word in words:
        name, _, value = word.partition(":")
        if name == "is" and value in {"open", "closed"} and item["state"] != value:
            return False
        if name == "label" and value not in labels:
            return False
        if not value and word.lower() not in as_text(item["title"]).lower():
            return False
    return True
