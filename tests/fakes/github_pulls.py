"""The fake GitHub's pull requests, merged for real in the bare repository.

* "Pulls: Create a pull request": 201; ``head`` and ``base`` are required, and ``title``; 422 for a
  branch that is not there, "No commits between X and Y", "A pull request already exists for
  owner:branch".
* "Pulls: List pull requests": ``state`` (open, closed, all; open by default), ``head`` in the form
  ``user:ref-name`` (in any other form it filters nothing), ``base``; newest first; by pages.
* "Pulls: Get a pull request": ``mergeable`` is null while GitHub computes it;
  ``merge_commit_sha`` is a test merge until the request is merged. ``mergeable_state`` as GraphQL's
  ``MergeStateStatus`` explains it.
* "Pulls: Merge a pull request": 200; 405 if it may not be merged (in the words that GitHub uses),
  409 if ``sha`` is not the head. Method ``rebase`` is done as ``squash`` here.
"""

import subprocess
from collections.abc import Sequence

from common.jsontypes import JSONValue, as_object, as_text
from tests.fakes.github import FakeGitHub, Repository, error, invalid, paged
from tests.fakes.github_issues import new_item
from tests.fakes.scm_server import Handler, Json, Refusal, Reply, Request

_IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "GitHub"), ("EMAIL", "noreply@github.com"))
}


def routes(github: FakeGitHub) -> Sequence[tuple[str, str, Handler]]:
    base = "/repos/{owner}/{repo}/pulls"
    server = _Pulls(github)
    return (
        ("POST", base, server.create),
        ("GET", base, server.list),
        ("GET", f"{base}/{{number}}", server.get),
        ("PUT", f"{base}/{{number}}/merge", server.merge),
    )


class _Pulls:
    def __init__(self, github: FakeGitHub) -> None:
        self.github = github

    def create(self, request: Request, owner: str, repo: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        body = request.body
        for name in ("head", "base", "title"):
            if not as_text(body.get(name)):
                return invalid("PullRequest", name, "missing_field")
        head = as_text(body["head"]).removeprefix(f"{repository.owner}:")
        base = as_text(body["base"])
        _check(repository, head, base)
        item = new_item(self.github, repository, as_text(body["title"]), kind="pull")
        item.update(
            {
                "pull_request": {},
                "head_ref": head,
                "base_ref": base,
                "body": body.get("body"),
                "draft": body.get("draft") is True,
                "merged_at": None,
            }
        )
        return Reply(201, _shown(repository, item))

    def list(self, request: Request, owner: str, repo: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        state = request.param("state") or "open"
        user, colon, branch = request.param("head").partition(":")
        found: list[JSONValue] = [
            _shown(repository, item)
            for item in reversed(repository.items.values())
            if "pull_request" in item
            and state in {"all", item["state"]}
            and request.param("base") in {"", item["base_ref"]}
            and (not colon or (user.lower(), branch) == (owner.lower(), item["head_ref"]))
        ]
        return paged(request, found)

    def get(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        item = _pull(repository, number)
        shown = _shown(repository, item)
        planned = item.get("states")
        if isinstance(planned, list) and planned:
            shown["mergeable_state"] = planned.pop(0)
        state = as_text(shown["mergeable_state"])
        shown["mergeable"] = None if state == "unknown" else state != "dirty"
        return Reply(200, shown)

    def merge(self, request: Request, owner: str, repo: str, number: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        item = _pull(repository, number)
        method = as_text(request.body.get("merge_method")) or "merge"
        refusal = _refusal(repository, item, method)
        if refusal is not None:
            return refusal
        made = _merged(repository, item, method)
        item.update({"state": "closed", "merged_at": self.github.time(), "merged_as": made})
        return Reply(200, {"sha": made, "merged": True, "message": "Pull Request merged"})


def _pull(repository: Repository, number: str) -> Json:
    found = repository.items.get(int(number))
    if found is None or "pull_request" not in found:
        raise Refusal(error(404, "Not Found"))
    return found


def _check(repository: Repository, head: str, base: str) -> None:
    """Accept what can be a new pull request.

    Raises:
        Refusal: It cannot.
    """
    for name, branch in (("head", head), ("base", base)):
        if not repository.origin.branch(branch):
            raise Refusal(invalid("PullRequest", name, "invalid"))
    if not repository.git("rev-list", f"{base}..{head}"):
        raise Refusal(_custom(f"No commits between {base} and {head}"))
    for item in repository.items.values():
        ends = (item.get("head_ref"), item.get("base_ref"))
        if ends == (head, base) and item["state"] == "open":
            words = f"A pull request already exists for {repository.owner}:{head}."
            raise Refusal(_custom(words))


def _custom(message: str) -> Reply:
    return error(
        422,
        "Validation Failed",
        {"resource": "PullRequest", "code": "custom", "message": message},
    )


def _shown(repository: Repository, item: Json) -> Json:
    head = repository.origin.branch(as_text(item["head_ref"]))
    test_merge = "0123456789" * 4
    return {
        "number": item["number"],
        "title": item["title"],
        "body": item["body"],
        "state": item["state"],
        "draft": item["draft"],
        "html_url": item["html_url"],
        "created_at": item["created_at"],
        "merged_at": item["merged_at"],
        "merge_commit_sha": item.get("merged_as") or test_merge,
        "head": {
            "ref": item["head_ref"],
            "sha": item.get("head_sha") or head,
            "repo": {"id": item.get("head_repository", 1)},
        },
        "base": {"ref": item["base_ref"], "repo": {"id": 1}},
        "labels": item["labels"],
        "mergeable_state": _state(repository, item),
    }


def _state(repository: Repository, item: Json) -> str:
    if item["draft"] is True:
        return "draft"
    if item["state"] != "open":
        return "unknown"
    planned = as_object(item).get("state_until_merged")
    return as_text(planned) or ("clean" if _tree(repository, item) else "dirty")


def _refusal(repository: Repository, item: Json, method: str) -> Reply | None:
    """Return why it may not be merged, in GitHub's words, or ``None`` if it may."""
    planned = item.get("refuses")
    words = ""
    if isinstance(planned, list) and planned:
        words = as_text(planned.pop(0))
    elif method in as_text(item.get("forbidden_methods")).split():
        words = f"{method.capitalize()} commits are not allowed on this repository."
    elif item["draft"] is True:
        words = "Pull Request is still a draft"
    elif item["state"] != "open" or _state(repository, item) == "dirty":
        words = "Pull Request is not mergeable"
    if method not in {"merge", "squash", "rebase"}:
        return error(422, "Invalid request.\n\n/merge_method is not a member of the list")
    return error(405, words) if words else None


def _tree(repository: Repository, item: Json) -> str:
    """Return the tree that merging would give, or nothing if there are conflicts."""
    try:
        return repository.git(
            "merge-tree", "--write-tree", as_text(item["base_ref"]), as_text(item["head_ref"])
        )
    except subprocess.CalledProcessError:
        return ""


def _merged(repository: Repository, item: Json, method: str) -> str:
    base = repository.origin.branch(as_text(item["base_ref"]))
    head = repository.origin.branch(as_text(item["head_ref"]))
    parents = ("-p", base, "-p", head) if method == "merge" else ("-p", base)
    tree = _tree(repository, item)
    made = repository.git(
        "commit-tree", tree, *parents, "-m", as_text(item["title"]), env=_IDENTITY
    )
    repository.git("update-ref", f"refs/heads/{item['base_ref']}", made, base)
    return made
