"""What came of asking for an operation, from what was known before and what was answered?"""

from common.jsontypes import JSONObject, as_list, as_object
from promotions.engine.argocd.application import Application
from promotions.gateways.argocd.documents import is_operating
from promotions.gateways.argocd.errors import (
    BAD_REQUEST,
    CONFLICT,
    FORBIDDEN,
    NOT_IMPLEMENTED,
    SERVER_ERROR,
    Problem,
    error_of,
)
from promotions.ports.argocd import (
    AlreadyInProgress,
    Ambiguous,
    BlockedByWindow,
    Conflict,
    OperationRequest,
    Refused,
)
from promotions.ports.argocd_errors import ArgoCDUnavailableError

_UNKNOWN = 2
_OUTAGES = (
    "code = unavailable",
    "code = deadlineexceeded",
    "connection refused",
    "connection error",
    "i/o timeout",
    "no such host",
    "error reading server preface",
)
"""How Argo CD's server says that its repo-server is out of reach."""


_TOO_MANY_CONFLICTS = "too many conflicts"


def refused_beforehand(app: Application) -> AlreadyInProgress | Refused | None:
    """Return why nothing may be asked of an application as it was read; else ``None``."""
    if app.is_deleting:
        return Refused(f"{app} is being deleted.")
    if is_operating(app):
        return AlreadyInProgress(f"Another operation of {app} is already in progress.")
    return None


def edited_sources(app: Application, request: OperationRequest) -> JSONObject | None:
    """Return what of the spec is to be written; ``None`` if it is so already.

    The key is ``sources`` or ``source``, as in the application.
    """
    if request.sources is None or request.sources == app.sources:
        return None
    if len(request.sources) != len(app.sources):
        raise ValueError("an edit has as many sources as the application")
    is_list = bool(as_list(as_object(app.document.get("spec")).get("sources")))
    return {"sources": list(request.sources)} if is_list else {"source": request.sources[0]}


def of_edit(problem: Problem, *, name: str, app: Application) -> Ambiguous | Conflict | Refused:
    """Return what came of a change to an application that was not made.

    Raises:
        ArgoCDUnavailableError: Nothing was done, because its repo-server is out of reach.
    """
    doing = f"change {app}"
    failed_test = problem.grpc_code == _UNKNOWN and problem.says("error applying patch")
    if problem.status == CONFLICT or failed_test or problem.says(_TOO_MANY_CONFLICTS):
        return Conflict(f"{app} changed since it was read{problem.because or '.'}")
    _raise_outage(problem, name=name, doing=doing)
    return _of_failure(problem, name=name, doing=doing)


def of_sync(
    problem: Problem, *, name: str, app: Application
) -> AlreadyInProgress | BlockedByWindow | Refused | Ambiguous:
    """Return what came of a sync over Argo CD's API that was not accepted.

    Raises:
        ArgoCDUnavailableError: Nothing was done, because its repo-server is out of reach.
    """
    doing = f"sync {app}"
    # Both are 403, as is a missing right: only the words tell them apart.
    if problem.status == FORBIDDEN and problem.says("blocked by sync window"):
        return BlockedByWindow(f"{app} cannot be synced now{problem.because}")
    if problem.status == BAD_REQUEST and problem.says("another operation is already in progress"):
        return AlreadyInProgress(f"{app} cannot be synced now{problem.because}")
    _raise_outage(problem, name=name, doing=doing)
    return _of_failure(problem, name=name, doing=doing)


def of_patch(
    problem: Problem, *, name: str, app: Application, doing: str
) -> Ambiguous | Conflict | Refused:
    """Return what came of a patch over Kubernetes that was not accepted."""
    if problem.status == CONFLICT:
        return Conflict(f"{app} changed since it was read{problem.because or '.'}")
    return _of_failure(problem, name=name, doing=doing)


def _raise_outage(problem: Problem, *, name: str, doing: str) -> None:
    if problem.status == BAD_REQUEST and any(map(problem.says, _OUTAGES)):
        raise ArgoCDUnavailableError(
            f"{name} could not {doing}{problem.because}", retryable=True, status=problem.status
        )


def _of_failure(problem: Problem, *, name: str, doing: str) -> Ambiguous | Refused:
    error = error_of(problem, name=name, doing=doing)
    if problem.is_no_api:
        raise error
    if problem.status >= SERVER_ERROR and problem.status != NOT_IMPLEMENTED:
        return Ambiguous(error.message)
    return Refused(error.message, problem.status)
