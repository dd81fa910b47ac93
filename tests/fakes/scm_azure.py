"""An Azure DevOps Services that keeps its rules, below ``/<organization>``.

From Microsoft's documentation, "Azure DevOps Services REST API Reference", area "Git":

* "Pull Requests - Create": ``sourceRefName``, ``targetRefName`` and ``title`` are needed, and are
  whole ref names; the path has the repository's id. 201.
* "Pull Requests - Get Pull Request" and "Get Pull Requests": ``searchCriteria.status`` (active by
  default), ``…sourceRefName``, ``…targetRefName``, ``$top``, ``$skip``; statuses ``active``,
  ``abandoned``, ``completed``; ``mergeStatus`` (PullRequestAsyncStatus).
* "Pull Requests - Update": ``status: completed`` with the ``lastMergeSourceCommit`` that was
  looked at, ``completionOptions.mergeStrategy``. The answer comes before the completion.
* "Repositories - Get Repository": id and ``webUrl``.
* "Get started with the REST API": ``api-version`` is required.
* "Use personal access tokens": Basic, with an empty user; without one, the way leads to a page
  to sign in on.

The ``TF…`` messages and the 409 for a second active pull request are as people quote them in
Microsoft's developer community.
"""

import base64
from dataclasses import dataclass
from urllib.parse import quote

from common.jsontypes import JSONValue, as_list, as_object, as_text
from tests.fakes.scm_repository import HostedRepository, Pull
from tests.fakes.scm_server import Json, Refusal, Reply, Request, Routes

REPOSITORY_ID = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c"
_STATES = {"open": "active", "merged": "completed", "closed": "abandoned"}
_HOW = {
    "": "merge",
    "noFastForward": "merge",
    "squash": "squash",
    "rebase": "squash",
    "rebaseMerge": "merge",
}


def _error(status: int, message: str) -> Reply:
    return Reply(status, {"$id": "1", "message": message, "errorCode": 0})


@dataclass
class AzureFake:
    """One repository of one project."""

    repository: HostedRepository
    organization: str = "org"
    project: str = "team"
    name: str = "app"
    token: str = "azure-secret"
    url: str = ""

    def __call__(self, request: Request) -> Reply:
        repositories = f"/{self.organization}/{quote(self.project)}/_apis/git/repositories"
        by_id = f"{repositories}/{REPOSITORY_ID}"
        routes = Routes(
            (
                ("GET", f"{repositories}/{self.name}", self._described),
                ("POST", f"{by_id}/pullrequests", self._create),
                ("GET", f"{repositories}/{self.name}/pullrequests", self._list),
                ("GET", repositories + "/" + self.name + "/pullrequests/{number}", self._get),
                ("PATCH", repositories + "/" + self.name + "/pullrequests/{number}", self._update),
            ),
            missing=_error(404, "TF401019: The Git repository does not exist."),
        )
        pair = base64.b64encode(f":{self.token}".encode()).decode()
        given = request.header("Authorization")
        if not given:
            signin = "https://spsprodcus1.vssps.visualstudio.com/_signin"
            return Reply(302, None, (("Location", signin),))
        if given != f"Basic {pair}":
            return Reply(203, headers=(("Content-Type", "text/html"),), raw=b"<html>Sign In</html>")
        if request.param("api-version") != "7.1":
            return _error(400, "No api-version was supplied for the request.")
        return routes(request)

    def _described(self, request: Request) -> Reply:
        return Reply(200, {"id": REPOSITORY_ID, "name": self.name, "webUrl": self._page()})

    def _list(self, request: Request) -> Reply:
        status = request.param("searchCriteria.status") or "active"
        if status not in {"active", "abandoned", "completed", "all", "notSet"}:
            return _error(400, "searchCriteria.status is invalid")
        source = request.param("searchCriteria.sourceRefName")
        target = request.param("searchCriteria.targetRefName")
        found = [
            self._shown(pull)
            for pull in sorted(self.repository.pulls.values(), key=lambda it: -it.number)
            if status in {"all", _STATES[pull.state]}
            and source in {"", f"refs/heads/{pull.source}"}
            and target in {"", f"refs/heads/{pull.target}"}
        ]
        top, skip = int(request.param("$top") or 101), int(request.param("$skip") or 0)
        page = found[skip : skip + top]
        return Reply(200, {"value": page, "count": len(page)})

    def _create(self, request: Request) -> Reply:
        body = request.body
        source, target = as_text(body.get("sourceRefName")), as_text(body.get("targetRefName"))
        if not body.get("title") or not (source and target):
            return _error(400, "VS403042: A required value is missing.")
        if not all(name.startswith("refs/heads/") for name in (source, target)):
            return _error(400, "TF401021: The ref name is not valid; use the whole name.")
        short, base = source.removeprefix("refs/heads/"), target.removeprefix("refs/heads/")
        if not (self.repository.head(short) and self.repository.head(base)):
            return _error(400, "TF401398: the source and/or the target branch no longer exists")
        if self.repository.opened(short, base):
            return _error(
                409,
                "TF401179: An active pull request for the source and target branch already exists.",
            )
        pull = self.repository.open(
            str(body["title"]), as_text(body.get("description")), short, base
        )
        pull.labels = [as_text(as_object(it)["name"]) for it in as_list(body.get("labels"))]
        return Reply(201, self._shown(pull))

    def _get(self, request: Request, number: str) -> Reply:
        return Reply(200, self._shown(self._pull(number)))

    def _update(self, request: Request, number: str) -> Reply:
        pull = self._pull(number)
        options = as_object(request.body.get("completionOptions"))
        how = as_text(options.get("mergeStrategy"))
        head = as_object(request.body.get("lastMergeSourceCommit")).get("commitId")
        if request.body.get("status") != "completed" or how not in _HOW:
            return _error(400, "The pull request cannot be edited in this way.")
        if head != pull.head:
            return _error(409, "TF401192: The source branch has been modified; look again.")
        if pull.state != "open" or pull.is_draft:
            return _error(400, "TF401181: The pull request cannot be edited due to its state.")
        if pull.target in self.repository.protected:
            return _error(403, "TF402455: Pushes to this branch are not permitted.")
        shown = self._shown(pull)
        self.repository.merge_later(pull, how=_HOW[how])
        return Reply(200, {**shown, "mergeStatus": "queued"})

    def _pull(self, number: str) -> Pull:
        pull = self.repository.pulls.get(int(number)) if number.isdigit() else None
        if pull is None:
            raise Refusal(_error(404, "TF401180: The requested pull request was not found."))
        return self.repository.look(pull)

    def _shown(self, pull: Pull) -> Json:
        merge: JSONValue = {"commitId": pull.merged_as or "0" * 40}
        fork: dict[str, JSONValue] = {"forkSource": {"name": "x"}} if pull.is_fork else {}
        return {
            "pullRequestId": pull.number,
            "title": pull.title,
            "description": pull.description,
            "status": _STATES[pull.state],
            "isDraft": pull.is_draft,
            "creationDate": f"{pull.created_at.removesuffix('Z')}.6655471Z",
            "sourceRefName": f"refs/heads/{pull.source}",
            "targetRefName": f"refs/heads/{pull.target}",
            "mergeStatus": self._merge_status(pull),
            "lastMergeSourceCommit": {"commitId": pull.head},
            "lastMergeCommit": merge,
            "labels": [{"name": name, "active": True} for name in pull.labels],
            "repository": {"id": REPOSITORY_ID, "name": self.name, "webUrl": self._page()},
            "url": f"{self.url}/{self.organization}/_apis/git/pullRequests/{pull.number}",
            **fork,
        }

    def _merge_status(self, pull: Pull) -> str:
        if pull.state != "open":
            return "succeeded"
        if self.repository.is_undecided() or pull.looks_until_merged:
            return "queued"
        return "succeeded" if self.repository.can_merge(pull) else "conflicts"

    def _page(self) -> str:
        return f"https://dev.azure.com/{self.organization}/{quote(self.project)}/_git/{self.name}"
