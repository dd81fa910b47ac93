"""How the Kubernetes API says no: a ``Status`` with the reason that its clients look at."""

from common.jsontypes import JSONValue
from tests.fakes.argocd.identities import Asked
from tests.fakes.scm_server import Refusal, Reply

_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
NO_PAGE = Reply(404, headers=_PLAIN, raw=b"404 page not found\n")
TOO_OLD = "The resourceVersion for the provided watch is too old."
OUTDATED = (
    "The provided continue parameter is too old to display a consistent list result. "
    "You can start a new list without the continue parameter."
)


def status(
    code: int, reason: str, message: str, *, headers: tuple[tuple[str, str], ...] = ()
) -> Reply:
    """Return a failure."""
    return Reply(code, status_body(code, reason, message), headers)


def status_body(code: int, reason: str, message: str) -> dict[str, JSONValue]:
    """Return a failure as a document, as it also comes in a watch."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }


def too_many(*, retry_after: int) -> Reply:
    """Return what priority and fairness answers, which is no ``Status``; give it to a fault."""
    text = b"Too many requests, please try again later.\n"
    return Reply(429, headers=(*_PLAIN, ("Retry-After", str(retry_after))), raw=text)


def too_large(version: int, newest: int) -> Refusal:
    """Return a 504 to raise: a version that this server has not seen yet, if it ever will."""
    text = f"Too large resource version: {version}, current: {newest}"
    return Refusal(status(504, "Timeout", text))


def unauthorized() -> Refusal:
    """Return a 401 to raise."""
    return Refusal(status(401, "Unauthorized", "Unauthorized"))


def forbidden(user: str, asked: Asked, name: str = "") -> Refusal:
    """Return a 403 to raise, which says who may not do what."""
    full = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    which = f'{full} "{name}"' if name else full
    scope = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    text = (
        f'{which} is forbidden: User "{user}" cannot {asked.verb} resource "{asked.resource}" '
        f'in API group "{asked.group}" {scope}'
    )
    return Refusal(status(403, "Forbidden", text))


def missing(asked: Asked, name: str) -> Refusal:
    """Return a 404 to raise."""
    full = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    return Refusal(status(404, "NotFound", f'{full} "{name}" not found'))


def conflict(asked: Asked, name: str) -> Refusal:
    """Return a 409 to raise: somebody else was faster."""
    text = (
        f'Operation cannot be fulfilled on {asked.resource}.{asked.group} "{name}": '
        "the object has been modified; please apply your changes to the latest version "
        "and try again"
    )
    return Refusal(status(409, "Conflict", text))


def exists(asked: Asked, name: str) -> Refusal:
    """Return a 409 to raise: there is one."""
    full = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    return Refusal(status(409, "AlreadyExists", f'{full} "{name}" already exists'))


def invalid(message: str) -> Refusal:
    """Return a 422 to raise."""
    return Refusal(status(422, "Invalid", message))


def bad_request(message: str) -> Refusal:
    """Return a 400 to raise."""
    return Refusal(status(400, "BadRequest", message))
