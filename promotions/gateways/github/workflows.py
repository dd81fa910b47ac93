"""GitHub Actions workflows: started, and their runs looked at, through GitHub's REST API.

Source: GitHub REST documentation, "Actions: Create a workflow dispatch event", "List workflow
runs for a workflow" and "Get a workflow run"; "Users: Get the authenticated user".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.gateways.github.access import GitHubRepository
from promotions.ports.github import WorkflowRun
from promotions.ports.scm import ScmAuthenticationError, ScmNotFoundError, ScmUnavailableError

_DONE = (200, 204)
_NOT_UNDERSTOOD = (400, 422)
_LOOKED_AT = "50"
_PREFIXES = ("refs/heads/", "refs/tags/")


@dataclass(frozen=True, slots=True)
class RepositoryWorkflows:
    """:class:`~promotions.ports.github.GitHubWorkflows` of one repository."""

    repository: GitHubRepository

    def dispatched(self, file: str, *, ref: str) -> tuple[int, ...]:
        """Return the newest runs of a workflow that this caller dispatched on ``ref``.

        A GitHub App's token cannot tell who it is; those of all Apps are returned for it.
        """
        login = self._login()
        params = {
            "event": "workflow_dispatch",
            "branch": _short(ref),
            "per_page": _LOOKED_AT,
            **({"actor": login} if login else {}),
        }
        answer = self.repository.api.call(
            "GET", f"{self._workflow(file)}/runs", params=params.items()
        )
        runs = map(as_object, as_list(as_object(answer.body).get("workflow_runs")))
        return tuple(_number(run) for run in runs if login or _is_of_app(run))

    def dispatch(self, file: str, *, ref: str, inputs: Mapping[str, str]) -> int:
        """Start a workflow and return its run, or 0 if GitHub does not say which it is."""
        path = f"{self._workflow(file)}/dispatches"
        body: dict[str, JSONValue] = {"ref": _short(ref), "inputs": dict(inputs)}
        answer = self.repository.api.call(
            "POST",
            path,
            body={**body, "return_run_details": True},
            accept=(*_DONE, *_NOT_UNDERSTOOD),
        )
        if answer.status in _NOT_UNDERSTOOD:
            # A server that does not know the option refuses the request for it, and starts nothing.
            answer = self.repository.api.call("POST", path, body=body, accept=_DONE)
        run = as_object(answer.body).get("workflow_run_id")
        return run if isinstance(run, int) else 0

    def run(self, run: int) -> WorkflowRun:
        """Return how a run stands."""
        answer = self.repository.api.call("GET", f"{self.repository.path}/actions/runs/{run}")
        body = as_object(answer.body)
        return WorkflowRun(
            _number(body), as_text(body.get("status")), as_text(body.get("conclusion"))
        )

    def _login(self) -> str:
        """Return whose token this is; empty if it cannot tell."""
        try:
            answer = self.repository.api.call("GET", "/user")
        except (ScmAuthenticationError, ScmNotFoundError):
            return ""
        return as_text(as_object(answer.body).get("login"))

    def _workflow(self, file: str) -> str:
        return f"{self.repository.path}/actions/workflows/{quote(file, safe='')}"


def _short(ref: str) -> str:
    """Return a branch or tag without ``refs/heads/`` or ``refs/tags/``."""
    for prefix in _PREFIXES:
        ref = ref.removeprefix(prefix)
    return ref


def _is_of_app(run: JSONObject) -> bool:
    return as_object(run.get("actor")).get("type") == "Bot"


def _number(entry: JSONObject) -> int:
    value = entry.get("id")
    if not isinstance(value, int):
        raise ScmUnavailableError("GitHub's answer names no run.", retryable=True)
    return value
