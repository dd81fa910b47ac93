"""How argocd-server says no: the shape, and which status a gRPC code becomes.

Source: grpc-gateway 1.16, ``runtime.HTTPStatusFromCode`` and ``DefaultHTTPError``; paths that it
does not know are answered in plain text.
"""

from enum import IntEnum

from tests.fakes.scm_server import Refusal, Reply


class Code(IntEnum):
    """The gRPC codes."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


STATUSES = {
    Code.CANCELLED: 408,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
JSON = "application/json"
_PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
CONTENT_TYPE = Reply(415, headers=_PLAIN, raw=b"Invalid content type\n")
NO_ROUTE = Reply(404, headers=_PLAIN, raw=b"Not Found\n")
NO_PAGE = Reply(404, headers=_PLAIN, raw=b"404 page not found\n")


def error(code: Code, message: str) -> Reply:
    """Return an error as JSON."""
    return Reply(STATUSES[code], {"error": message, "code": int(code), "message": message})


def refusal(code: Code, message: str) -> Refusal:
    """Return an error to raise."""
    return Refusal(error(code, message))


def missing(name: str) -> Refusal:
    """Return what is said of an Application that is not there, to who may know."""
    return refusal(Code.NOT_FOUND, f'applications.argoproj.io "{name}" not found')


def denied(why: str = "permission denied") -> Refusal:
    """Return a 403, which says no more."""
    return refusal(Code.PERMISSION_DENIED, why)
