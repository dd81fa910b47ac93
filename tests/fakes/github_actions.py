"""The fake GitHub's Actions: workflows that are dispatched, and their runs.

* "Actions / Workflows: Create a workflow dispatch event": 204, or with ``return_run_details`` 200
  and ``workflow_run_id``; a server that is not ``modern`` does not know the option (400); 404 for a
  workflow that is not there; 422 for a ref that is not there, a workflow without
  ``workflow_dispatch``, inputs that it does not declare or lacks, more than 25 of them, or any
  that is no string.
* "Actions / Workflow runs: List workflow runs for a workflow": ``event``, ``branch``, ``actor``;
  the newest first. A run appears only after ``lag`` listings.
* "Actions / Workflow runs: Get a workflow run": ``status``, and ``conclusion`` once it is
  completed.
"""

from collections.abc import Sequence

from common.jsontypes import JSONValue, as_object, as_text
from tests.fakes.github import FakeGitHub, Repository, error, paged
from tests.fakes.scm_server import Handler, Json, Refusal, Reply, Request

_MOST_INPUTS = 25


def add_workflow(
    repository: Repository,
    file: str,
    *,
    inputs: Sequence[str] = (),
    required: Sequence[str] = (),
    modern: bool = True,
    lag: int = 0,
) -> None:
    """Give the repository a workflow that can be dispatched."""
    repository.workflows[file] = {
        "inputs": [*inputs, *required],
        "required": list(required),
        "modern": modern,
        "lag": lag,
    }


def start(repository: Repository, file: str, *, ref: str, actor: str, lag: int = 0) -> int:
    """Start a run, as anybody may, and return its id."""
    run = 30_000_000_000 + len(repository.runs)
    repository.runs[run] = {
        "id": run,
        "workflow": file,
        "event": "workflow_dispatch",
        "head_branch": ref,
        "actor": {"login": actor, "type": "Bot" if actor.endswith("[bot]") else "User"},
        "status": "queued",
        "conclusion": None,
        "lag": lag,
    }
    return run


def routes(github: FakeGitHub) -> Sequence[tuple[str, str, Handler]]:
    base = "/repos/{owner}/{repo}/actions"
    server = _Actions(github)
    return (
        ("POST", f"{base}/workflows/{{file}}/dispatches", server.dispatch),
        ("GET", f"{base}/workflows/{{file}}/runs", server.list),
        ("GET", f"{base}/runs/{{run}}", server.get),
    )


class _Actions:
    def __init__(self, github: FakeGitHub) -> None:
        self.github = github

    def dispatch(self, request: Request, owner: str, repo: str, file: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        workflow = _workflow(repository, file)
        body = request.body
        if "return_run_details" in body and workflow["modern"] is not True:
            return error(400, 'Invalid request. "return_run_details" is not a permitted key.')
        ref = as_text(body.get("ref"))
        if not ref:
            return error(422, 'Invalid request. "ref" wasn\'t supplied.')
        if not _has_ref(repository, ref):
            return error(422, f"No ref found for: {ref}")
        _check_inputs(workflow, body.get("inputs", {}))
        caller = self.github.caller(request)
        assert caller is not None
        lag = workflow["lag"]
        assert isinstance(lag, int)
        run = start(repository, file, ref=ref, actor=caller.login, lag=lag)
        if body.get("return_run_details") is not True:
            return Reply(204)
        url = f"{self.github.url}/{repository.full_name}/actions/runs/{run}"
        return Reply(200, {"workflow_run_id": run, "run_url": url, "html_url": url})

    def list(self, request: Request, owner: str, repo: str, file: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        _workflow(repository, file)
        found: list[JSONValue] = []
        for run in reversed(repository.runs.values()):
            login = as_object(run["actor"]).get("login")
            wanted = {
                "event": run["event"],
                "branch": run["head_branch"],
                "actor": login,
            }
            if run["workflow"] != file or not all(
                request.param(name) in {"", value} for name, value in wanted.items()
            ):
                continue
            lag = run["lag"]
            assert isinstance(lag, int)
            run["lag"] = max(lag - 1, 0)
            if lag == 0:
                found.append(run)
        return paged(request, found, wrap="workflow_runs")

    def get(self, request: Request, owner: str, repo: str, run: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        found = repository.runs.get(int(run))
        return Reply(200, found) if found else error(404, "Not Found")


def _workflow(repository: Repository, file: str) -> Json:
    found = repository.workflows.get(file)
    if found is None:
        raise Refusal(error(404, "Not Found"))
    return found


def _has_ref(repository: Repository, ref: str) -> bool:
    return any(repository.has(f"refs/{kind}/{ref}") for kind in ("heads", "tags"))


def _check_inputs(workflow: Json, given: JSONValue) -> None:
    inputs = as_object(given)
    declared, required = workflow["inputs"], workflow["required"]
    assert isinstance(declared, list)
    assert isinstance(required, list)
    if len(inputs) > _MOST_INPUTS:
        raise Refusal(error(422, "Invalid request. No more than 25 properties are allowed."))
    if not all(isinstance(value, str) for value in inputs.values()):
        raise Refusal(error(422, "Invalid request. For 'properties/inputs', is not a string."))
    unexpected = [name for name in inputs if name not in declared]
    if unexpected:
        raise Refusal(error(422, f"Unexpected inputs provided: {unexpected}"))
    lacking = [name for name in required if name not in inputs]
    if lacking:
        raise Refusal(error(422, f"Required input '{lacking[0]}' not provided"))
