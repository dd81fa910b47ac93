"""A Bitbucket Cloud that keeps its rules, below ``/2.0``.

From Atlassian's documentation, "The Bitbucket Cloud REST API":

* Group "Pullrequests": create (``title`` and ``source`` are needed; 400, 401), list (``state``
  may be repeated, OPEN by default), get, merge (``type`` is required; 200, or 202 with the
  task's address in ``Location`` when it takes too long; 409), states OPEN, MERGED, DECLINED,
  SUPERSEDED. Commit hashes in a pull request are abbreviated to 12 digits, as in its examples.
* Group "Commits": "Get a commit" by an abbreviated hash tells the whole one.
* "Introduction": "Authentication" (``Bearer``), "Pagination" (``page``, ``pagelen``, at most 50
  here; the body's ``next``), "Standardized error responses" (``{"type": "error", …}``).

That all merges run in the background, and some answer 202, is from a developer's answer in
Atlassian's community forum.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from common.jsontypes import JSONValue, as_object, as_text
from tests.fakes.scm_repository import ConflictError, HostedRepository, Pull
from tests.fakes.scm_server import Json, Refusal, Reply, Request, Routes, page_of, refuse

_STATES = {"open": "OPEN", "merged": "MERGED", "closed": "DECLINED"}
_HOW = {
    "": "merge",
    "merge_commit": "merge",
    "squash": "squash",
    "fast_forward": "fast-forward",
    "squash_fast_forward": "squash",
    "rebase_fast_forward": "squash",
    "rebase_merge": "merge",
}
_SHORT = 12


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"type": "error", "error": {"message": message}})


@dataclass
class BitbucketFake:
    """One repository."""

    repository: HostedRepository
    full_name: str = "team/app"
    token: str = "bitbucket-secret"
    url: str = ""

    def __call__(self, request: Request) -> Reply:
        path = f"/2.0/repositories/{self.full_name}"
        routes = Routes(
            (
                ("GET", path + "/pullrequests", self._list),
                ("POST", path + "/pullrequests", self._create),
                ("GET", path + "/pullrequests/{number}", self._get),
                ("POST", path + "/pullrequests/{number}/merge", self._merge),
                ("GET", path + "/commit/{commit}", self._commit),
            ),
            missing=_error(404, f"Repository {self.full_name} not found"),
        )
        if request.header("Authorization") != f"Bearer {self.token}":
            return _error(401, "Token is invalid, expired, or not supported for this endpoint.")
        return routes(request)

    def _list(self, request: Request) -> Reply:
        states = request.params("state") or ["OPEN"]
        if not set(states) <= {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}:
            return _error(400, "Invalid state")
        size = int(request.param("pagelen") or 10)
        if size > 50:
            return _error(400, "Invalid pagelen")
        newest_first = request.param("sort") == "-created_on"
        found = [
            self._shown(pull)
            for pull in sorted(
                self.repository.pulls.values(),
                key=lambda it: it.number,
                reverse=newest_first,
            )
            if _STATES[pull.state] in states
        ]
        page, more = page_of(found, request, size=size)
        number = int(request.param("page") or 1)
        pairs = [(name, value) for name, value in request.query if name != "page"]
        body: dict[str, JSONValue] = {"values": page, "page": number, "pagelen": size}
        if more:
            query = urlencode([*pairs, ("page", str(number + 1))])
            body["next"] = f"{self.url}{request.path}?{query}"
        return Reply(200, body)

    def _create(self, request: Request) -> Reply:
        body = request.body
        source = _branch_of(body.get("source"))
        target = _branch_of(body.get("destination")) or "main"
        if not body.get("title") or not source:
            return _error(400, "title and source are required")
        for branch in (source, target):
            if not self.repository.head(branch):
                return _error(400, f"branch not found: {branch}")
        if self.repository.is_same(source, target):
            return _error(400, "There are no changes to be pulled")
        pull = self.repository.open(
            str(body["title"]), str(body.get("description", "")), source, target
        )
        return Reply(201, self._shown(pull))

    def _get(self, request: Request, number: str) -> Reply:
        return Reply(200, self._shown(self._pull(number)))

    def _merge(self, request: Request, number: str) -> Reply:
        pull = self._pull(number)
        how = str(request.body.get("merge_strategy", ""))
        is_valid = how in _HOW and request.body.get("type")
        is_protected = pull.target in self.repository.protected
        is_clean = self.repository.can_merge(pull)
        conflict = "You can't merge until you resolve all merge conflicts."
        refuse(_error(400, "Bad request"), when=not is_valid)
        refuse(_error(400, "This pull request is already closed."), when=pull.state != "open")
        refuse(_error(403, "You do not have permission to merge."), when=is_protected)
        refuse(_error(400, conflict), when=not is_clean)
        try:
            self.repository.merge_later(pull, how=_HOW[how])
        except ConflictError:
            return _error(409, "One of the refs changed while merging.")
        if pull.state != "merged":
            task = f"{self.url}{request.path}/task-status/1"
            return Reply(202, None, (("Location", task),))
        return Reply(200, self._shown(pull))

    def _commit(self, request: Request, commit: str) -> Reply:
        whole = self.repository.whole(commit)
        if not whole:
            return _error(404, f"Commit not found: {commit}")
        return Reply(200, {"type": "commit", "hash": whole})

    def _pull(self, number: str) -> Pull:
        pull = self.repository.pulls.get(int(number)) if number.isdigit() else None
        if pull is None:
            raise Refusal(_error(404, f"No pull request with id {number}."))
        return self.repository.look(pull)

    def _shown(self, pull: Pull) -> Json:
        merged: JSONValue = {"type": "commit", "hash": pull.merged_as[:_SHORT]}
        return {
            "type": "pullrequest",
            "id": pull.number,
            "title": pull.title,
            "description": pull.description,
            "state": _STATES[pull.state],
            "draft": pull.is_draft,
            "created_on": pull.created_at,
            "merge_commit": merged if pull.state == "merged" else None,
            "source": {
                "branch": {"name": pull.source},
                "commit": {"type": "commit", "hash": pull.head[:_SHORT]},
                "repository": {"full_name": "other/app" if pull.is_fork else self.full_name},
            },
            "destination": {
                "branch": {"name": pull.target},
                "commit": {"hash": self.repository.head(pull.target)[:_SHORT]},
                "repository": {"full_name": self.full_name},
            },
            "links": {
                "html": {
                    "href": f"https://bitbucket.org/{self.full_name}/pull-requests/{pull.number}"
                }
            },
        }


def _branch_of(end: JSONValue) -> str:
    return as_text(as_object(as_object(end).get("branch")).get("name"))
