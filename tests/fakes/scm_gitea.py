"""A Gitea, or Forgejo, that keeps its rules, below ``/api/v1``.

From Gitea's documentation:

* "Gitea API" (Swagger), operations ``repoCreatePullRequest`` (404, 409, 422),
  ``repoListPullRequests``, ``repoGetPullRequest``, ``repoMergePullRequest`` (405, 409),
  ``issueListLabels``; schemas ``CreatePullRequestOption`` (labels are ids) and
  ``MergePullRequestOption`` (``Do`` is required, and one of a list).
* "API Usage": "Authentication" (``Authorization: token …``) and "Pagination" (``page``,
  ``limit``, at most 50; ``Link`` and ``X-Total-Count``).
* The words of 405 answers are those of its source, ``routers/api/v1/repo/pull.go``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from common.jsontypes import JSONValue
from tests.fakes.scm_repository import ConflictError, HostedRepository, Pull
from tests.fakes.scm_server import Json, Refusal, Reply, Request, Routes, page_of, refuse

_HOW = {
    "merge": "merge",
    "rebase": "squash",
    "rebase-merge": "merge",
    "squash": "squash",
    "fast-forward-only": "fast-forward",
    "manually-merged": "merge",
}
_NOT_FOUND = Reply(404, {"message": "The target couldn't be found.", "errors": []})


@dataclass
class GiteaFake:
    """One repository; ``labels`` are its labels by name, ``styles`` how it lets merge."""

    repository: HostedRepository
    full_name: str = "team/app"
    token: str = "gitea-secret"
    labels: dict[str, int] = field(default_factory=dict)
    styles: Sequence[str] = tuple(_HOW)
    url: str = ""

    def __call__(self, request: Request) -> Reply:
        path = f"/api/v1/repos/{self.full_name}"
        routes = Routes(
            (
                ("GET", path + "/pulls", self._list),
                ("POST", path + "/pulls", self._create),
                ("GET", path + "/pulls/{index}", self._get),
                ("POST", path + "/pulls/{index}/merge", self._merge),
                ("GET", path + "/labels", self._labels),
            ),
            missing=_NOT_FOUND,
        )
        scheme, _, token = request.header("Authorization").partition(" ")
        if not token:
            return _NOT_FOUND
        if scheme != "token" or token != self.token:
            return Reply(401, {"message": "invalid username, password or token"})
        return routes(request)

    def _list(self, request: Request) -> Reply:
        state = request.param("state") or "open"
        if state not in {"open", "closed", "all"}:
            return Reply(422, {"message": "unknown state"})
        found: list[JSONValue] = [
            self._shown(pull)
            for pull in sorted(self.repository.pulls.values(), key=lambda it: -it.number)
            if state == "all" or (state == "open") == (pull.state == "open")
        ]
        return self._paged(request, found)

    def _labels(self, request: Request) -> Reply:
        found: list[JSONValue] = [{"id": it, "name": name} for name, it in self.labels.items()]
        return self._paged(request, found)

    def _paged(self, request: Request, found: Sequence[JSONValue]) -> Reply:
        size = min(int(request.param("limit") or 30), 50)
        page, more = page_of(found, request, size=size)
        number = int(request.param("page") or 1) + 1
        query = urlencode({**dict(request.query), "page": number})
        link = f'<{self.url}{request.path}?{query}>; rel="next"'
        headers = (("X-Total-Count", str(len(found))),)
        return Reply(200, page, (*headers, ("Link", link)) if more else headers)

    def _create(self, request: Request) -> Reply:
        body = request.body
        ids = body.get("labels") or []
        if not body.get("title") or not isinstance(ids, list):
            return Reply(422, {"message": "[Title]: Required"})
        if any(it not in self.labels.values() for it in ids):
            return Reply(422, {"message": "label ids are invalid"})
        head, base = str(body.get("head")), str(body.get("base"))
        exist = self.repository.head(head) and self.repository.head(base)
        refuse(_NOT_FOUND, when=not exist)
        there_is_one = Reply(409, {"message": "pull request already exists for these targets"})
        refuse(there_is_one, when=self.repository.opened(head, base))
        unchanged = Reply(422, {"message": "There are no changes between the head and the base"})
        refuse(unchanged, when=self.repository.is_same(head, base))
        pull = self.repository.open(str(body["title"]), str(body.get("body", "")), head, base)
        pull.labels = [name for name, it in self.labels.items() if it in ids]
        pull.is_draft = pull.title.startswith("WIP:")
        return Reply(201, self._shown(pull))

    def _get(self, request: Request, index: str) -> Reply:
        return Reply(200, self._shown(self._pull(index)))

    def _merge(self, request: Request, index: str) -> Reply:
        pull = self._pull(index)
        how = str(request.body.get("Do", ""))
        if how not in _HOW:
            return Reply(422, {"message": "[Do]: Required"})
        refuse(_NOT_FOUND, when=pull.state == "closed")
        for words, applies in self._obstacles(pull, how):
            refuse(Reply(405, {"message": words}), when=applies)
        try:
            self.repository.merge(pull, how=_HOW[how])
        except ConflictError:
            return Reply(409, {"message": "merge conflict"})
        return Reply(200)

    def _obstacles(self, pull: Pull, how: str) -> list[tuple[str, bool]]:
        wrong_style = f"{how} is not allowed an allowed merge style for this repository"
        is_protected = pull.target in self.repository.protected
        return [
            ("", pull.state == "merged"),
            ("Work in progress PRs cannot be merged", pull.is_draft),
            ("Please try again later", self.repository.checking > 0),
            ("Does not have enough approvals", is_protected),
            (wrong_style, how not in self.styles),
        ]

    def _pull(self, index: str) -> Pull:
        pull = self.repository.pulls.get(int(index)) if index.isdigit() else None
        if pull is None:
            raise Refusal(_NOT_FOUND)
        return self.repository.look(pull)

    def _shown(self, pull: Pull) -> Json:
        mergeable = (
            pull.state == "open"
            and not pull.is_draft
            and not self.repository.is_undecided()
            and self.repository.can_merge(pull)
        )
        exists = bool(self.repository.head(pull.source))
        return {
            "id": 1000 + pull.number,
            "number": pull.number,
            "title": pull.title,
            "body": pull.description,
            "labels": [{"name": name} for name in pull.labels],
            "state": "open" if pull.state == "open" else "closed",
            "draft": pull.is_draft,
            "mergeable": mergeable,
            "merged": pull.state == "merged",
            "merge_commit_sha": pull.merged_as or None,
            "html_url": f"{self.url}/{self.full_name}/pulls/{pull.number}",
            "created_at": pull.created_at,
            "head": {
                "label": pull.source,
                "ref": pull.source if exists else f"refs/pull/{pull.number}/head",
                "sha": pull.head,
                "repo_id": 8 if pull.is_fork else 7,
            },
            "base": {"label": pull.target, "ref": pull.target, "sha": "", "repo_id": 7},
        }
