"""A GitLab that keeps its rules, below ``/api/v4``.

From GitLab's documentation:

* "Merge requests API": fields, required attributes, filters, the values of
  ``detailed_merge_status``, and the statuses of "Merge a merge request" (401, 405, 409, 422).
  A fast-forward leaves ``merge_commit_sha`` null.
* "REST API": the project's path is URL-encoded; "Status codes" (400, 401, 403, 404, 409, 422).
* "REST API authentication": ``PRIVATE-TOKEN``; a project that one may not see is a 404.
* "REST API", "Offset-based pagination": ``page``, ``per_page`` (20, at most 100), ``Link``.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from tests.fakes.scm_repository import ConflictError, HostedRepository, Pull
from tests.fakes.scm_server import Json, Refusal, Reply, Request, Routes, page_of, refuse

_STATES = {"open": "opened", "closed": "closed", "merged": "merged"}


@dataclass
class GitLabFake:
    """One project. ``fast_forward`` is its merge method; ``url`` is known once it is served."""

    repository: HostedRepository
    project: str = "team/app"
    token: str = "glpat-secret"
    scope: str = "api"
    fast_forward: bool = False
    squash: bool = False
    url: str = ""
    labels: set[str] = field(default_factory=set)

    def __call__(self, request: Request) -> Reply:
        path = f"/api/v4/projects/{quote(self.project, safe='')}/merge_requests"
        routes = Routes(
            (
                ("GET", path, self._list),
                ("POST", path, self._create),
                ("GET", path + "/{iid}", self._get),
                ("PUT", path + "/{iid}/merge", self._merge),
            ),
            missing=Reply(404, {"error": "404 Not Found"}),
        )
        token = request.header("PRIVATE-TOKEN")
        if not token:
            return Reply(404, {"message": "404 Project Not Found"})
        if token != self.token:
            return Reply(401, {"message": "401 Unauthorized"})
        if self.scope != "api" and request.method != "GET":
            return Reply(403, {"error": "insufficient_scope", "scope": "api"})
        return routes(request)

    def _list(self, request: Request) -> Reply:
        state = request.param("state") or "all"
        if state not in {"opened", "closed", "locked", "merged", "all"}:
            return Reply(400, {"error": "state does not have a valid value"})
        found = [
            self._shown(pull)
            for pull in sorted(self.repository.pulls.values(), key=lambda it: -it.number)
            if state in {"all", _STATES[pull.state]}
            and request.param("source_branch") in {"", pull.source}
            and request.param("target_branch") in {"", pull.target}
        ]
        size = min(int(request.param("per_page") or 20), 100)
        page, more = page_of(found, request, size=size)
        number = int(request.param("page") or 1) + 1
        query = urlencode({**dict(request.query), "page": number})
        link = f'<{self.url}{request.path}?{query}>; rel="next"'
        return Reply(200, page, (("Link", link),) if more else ())

    def _create(self, request: Request) -> Reply:
        body = request.body
        needed = ("title", "source_branch", "target_branch")
        missing = [name for name in needed if not body.get(name)]
        if missing:
            return Reply(400, {"error": ", ".join(f"{name} is missing" for name in missing)})
        source, target = str(body["source_branch"]), str(body["target_branch"])
        if not self.repository.head(source):
            return Reply(400, {"message": {"source_branch": ["does not exist"]}})
        other = self.repository.opened(source, target)
        if other is not None:
            words = "Another open merge request already exists for this source branch:"
            return Reply(409, {"message": [f"{words} !{other.number}"]})
        pull = self.repository.open(
            str(body["title"]), str(body.get("description", "")), source, target
        )
        pull.labels = [it for it in str(body.get("labels", "")).split(",") if it]
        pull.is_draft = pull.title.startswith("Draft:")
        self.labels |= set(pull.labels)
        return Reply(201, self._shown(pull))

    def _get(self, request: Request, iid: str) -> Reply:
        return Reply(200, self._shown(self._pull(iid)))

    def _merge(self, request: Request, iid: str) -> Reply:
        pull = self._pull(iid)
        sha = request.body.get("sha", pull.head)
        wrong_sha = {"message": "SHA does not match HEAD of source branch"}
        refuse(Reply(409, wrong_sha), when=sha != pull.head)
        is_protected = pull.target in self.repository.protected
        refuse(Reply(401, {"message": "401 Unauthorized"}), when=is_protected)
        is_ready = pull.state == "open" and not pull.is_draft and self.repository.checking <= 0
        refuse(Reply(405, {"message": "405 Method Not Allowed"}), when=not is_ready)
        squash = request.body.get("squash", self.squash)
        refuse(Reply(400, {"error": "squash is invalid"}), when=not isinstance(squash, bool))
        try:
            self._merged(pull, squash=squash is True)
        except ConflictError:
            return Reply(422, {"message": "Branch cannot be merged"})
        return Reply(200, self._shown(pull))

    def _merged(self, pull: Pull, *, squash: bool) -> None:
        if squash:
            self.repository.merge(pull, how="squash")
            pull.squashed_as = pull.merged_as
        else:
            self.repository.merge(pull, how="fast-forward" if self.fast_forward else "merge")

    def _pull(self, iid: str) -> Pull:
        if not re.fullmatch(r"[1-9][0-9]*", iid):
            raise Refusal(Reply(400, {"error": "merge_request_iid is invalid"}))
        pull = self.repository.pulls.get(int(iid))
        if pull is None:
            raise Refusal(Reply(404, {"message": "404 Not found"}))
        return self.repository.look(pull)

    def _shown(self, pull: Pull) -> Json:
        has_commit = pull.state == "merged" and not self.fast_forward and not pull.squashed_as
        return {
            "id": 1000 + pull.number,
            "iid": pull.number,
            "project_id": 7,
            "source_project_id": 8 if pull.is_fork else 7,
            "target_project_id": 7,
            "title": pull.title,
            "description": pull.description,
            "state": _STATES[pull.state],
            "created_at": pull.created_at,
            "source_branch": pull.source,
            "target_branch": pull.target,
            "labels": list(pull.labels),
            "draft": pull.is_draft,
            "work_in_progress": pull.is_draft,
            "sha": pull.head,
            "merge_commit_sha": pull.merged_as if has_commit else None,
            "squash_commit_sha": pull.squashed_as or None,
            "detailed_merge_status": self._status(pull),
            "web_url": f"{self.url}/{self.project}/-/merge_requests/{pull.number}",
        }

    def _status(self, pull: Pull) -> str:
        if pull.state != "open":
            return "not_open"
        if pull.is_draft:
            return "draft_status"
        if self.repository.is_undecided():
            return "checking"
        return "mergeable" if self.repository.can_merge(pull) else "conflict"
