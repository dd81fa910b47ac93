"""What does an Argo CD, a Kubernetes API or a proxy before one say has gone wrong?

Answers are gRPC's errors as JSON, Kubernetes' Status objects, plain text or HTML. What is kept of
them is 512 bytes, and never a header.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from common.http import Response
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.ports.argocd_errors import (
    ArgoCDBusyError,
    ArgoCDError,
    ArgoCDExpiredError,
    ArgoCDForbiddenError,
    ArgoCDNotFoundError,
    ArgoCDRefusedError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
)

MAX_WORDS_BYTES = 512

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
GONE = 410
TOO_MANY = 429
SERVER_ERROR = 500
NOT_IMPLEMENTED = 501
TEMPORARY = frozenset({502, 503, 504})
"""Statuses of a server that cannot now; Argo CD uses 500 for its own refusals, too."""

_TIMEOUT = 408
_EVENT = b"data:"
_TOO_LARGE = "message larger than max"
_BROKEN_WINDOW = "invalid sync window"
"""Of a window's schedule, which is 500 when windows are read, and 403 when they are in the way."""
_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{1,200})", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What an answer that is no success says.

    Attributes:
        words: The server's own, on one line; may be empty.
        grpc_code: 0 if it is not Argo CD that speaks.
        reason: Kubernetes' ``reason``, such as ``AlreadyExists``; empty from anybody else.
        is_page: It is an HTML page: a proxy's or a login's.
        retry_after: How long it asks to wait.
    """

    status: int
    words: str = ""
    grpc_code: int = 0
    reason: str = ""
    is_page: bool = False
    retry_after: timedelta | None = None

    def says(self, text: str) -> bool:
        """Return whether the words have this in them, whatever the case."""
        return text.lower() in self.words.lower()

    @property
    def is_no_api(self) -> bool:
        """Whether it is a 404 that neither Argo CD nor Kubernetes words: there is no such API."""
        return self.status == NOT_FOUND and not self.grpc_code and not self.reason

    @property
    def because(self) -> str:
        """The words, to end a sentence with."""
        return f": {self.words}" if self.words else ""


def problem_in(response: Response, *, now: datetime) -> Problem:
    """Return what an answer that is no success says."""
    content = response.content.strip().removeprefix(_EVENT)
    body = _object(content)
    if isinstance(error := body.get("error"), Mapping):
        return replace(stream_problem(error), status=response.status)
    is_page = not body and content[:1] == b"<"
    code = body.get("code")
    is_status = body.get("kind") == "Status"
    return Problem(
        status=response.status,
        words=_page_title(content) if is_page else _words(body, content),
        grpc_code=code if isinstance(code, int) and not is_status else 0,
        reason=as_text(body.get("reason")) if is_status else "",
        is_page=is_page,
        retry_after=_wait(response.header("Retry-After"), body, now=now),
    )


def stream_problem(error: JSONObject) -> Problem:
    """Return what the error in a stream says: gRPC gateway's, or Kubernetes' Status."""
    status = error.get("http_code", error.get("code"))
    grpc_code = error.get("grpc_code")
    return Problem(
        status=status if isinstance(status, int) else SERVER_ERROR,
        words=_one_line(as_text(error.get("message"))),
        grpc_code=grpc_code if isinstance(grpc_code, int) else 0,
        reason=as_text(error.get("reason")),
    )


def error_of(problem: Problem, *, name: str, doing: str) -> ArgoCDError:
    """Return the error that a failed answer stands for.

    Args:
        problem: What it says.
        name: The control plane, for people.
        doing: What was asked, such as ``read the Application "a" in namespace "b"``.
    """
    if problem.says(_BROKEN_WINDOW):
        return ArgoCDRefusedError(
            f"{name} cannot {doing}{problem.because}",
            status=problem.status,
            code="argocd_invalid_window",
        )
    if problem.status == TOO_MANY and problem.says(_TOO_LARGE):
        return ArgoCDRefusedError(
            f"{name} has more to {doing} than it can send at once{problem.because} Narrow it to"
            " fewer projects, a namespace or labels, or raise ARGOCD_GRPC_MAX_SIZE_MB of Argo CD.",
            status=problem.status,
            code="argocd_too_many",
        )
    if problem.is_no_api:
        return ArgoCDUnavailableError(
            f"{name} has no API where it was asked to {doing} (404){problem.because or '.'} Check"
            " the address, root path included; over Kubernetes, that Argo CD is installed.",
            retryable=True,
            status=problem.status,
            code="argocd_no_api",
        )
    kind, text = _kind(problem)
    return kind(
        text.format(name=name, doing=doing, status=problem.status) + (problem.because or "."),
        retryable=kind in {ArgoCDBusyError, ArgoCDUnavailableError, ArgoCDExpiredError},
        status=problem.status,
        retry_after=problem.retry_after,
    )


def nonsense(*, name: str, doing: str, status: int) -> ArgoCDUnavailableError:
    """Return the error for a success whose body is not what was asked for."""
    return ArgoCDUnavailableError(
        f"{name} was asked to {doing} and answered {status} with something else than JSON; check"
        " that the address is that of its API, root path included.",
        retryable=True,
        status=status,
        code="argocd_nonsense",
    )


def _kind(problem: Problem) -> tuple[type[ArgoCDError], str]:
    status = problem.status
    if status in _KINDS:
        return _KINDS[status]
    if BAD_REQUEST <= status < SERVER_ERROR or status == NOT_IMPLEMENTED:
        return ArgoCDRefusedError, "{name} will not {doing} ({status})"
    if status >= SERVER_ERROR:
        return ArgoCDUnavailableError, "{name} failed to {doing} ({status})"
    return ArgoCDUnavailableError, (
        "{name} was asked to {doing} and points elsewhere ({status}), which is not followed; check"
        " the address"
    )


_KINDS: dict[int, tuple[type[ArgoCDError], str]] = {
    UNAUTHORIZED: (
        ArgoCDUnauthorizedError,
        "{name} refused the token ({status}), which may be expired or revoked; set a new one",
    ),
    FORBIDDEN: (
        ArgoCDForbiddenError,
        "{name} does not let its account {doing} ({status}); check the account's rights",
    ),
    NOT_FOUND: (ArgoCDNotFoundError, "{name} cannot {doing}: it does not exist ({status})"),
    _TIMEOUT: (ArgoCDUnavailableError, "{name} gave up to {doing} ({status})"),
    GONE: (ArgoCDExpiredError, "{name} cannot {doing} from where it stopped ({status})"),
    TOO_MANY: (ArgoCDBusyError, "{name} is asked too often to {doing} ({status})"),
}


def _words(body: JSONObject, content: bytes) -> str:
    """Return the server's own words on one line."""
    told = body.get("message") or body.get("error")
    if isinstance(told, str):
        return _one_line(told)
    if body:
        return ""
    return _one_line(content[: MAX_WORDS_BYTES * 2].decode("utf-8", "replace"))


def _page_title(content: bytes) -> str:
    found = _TITLE.search(content[: 16 * 1024])
    title = _one_line(found[1].decode("utf-8", "replace")) if found else ""
    return f"an HTML page, {title}" if title else "an HTML page"


def _one_line(text: str) -> str:
    """Return a text without line breaks and control characters, within the limit."""
    line = " ".join(_CONTROL.sub(" ", text[: MAX_WORDS_BYTES * 2]).split())
    return line.encode()[:MAX_WORDS_BYTES].decode("utf-8", "ignore")


def _object(content: bytes) -> JSONObject:
    try:
        parsed: JSONValue = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return as_object(parsed)


def _wait(header: str, body: JSONObject, *, now: datetime) -> timedelta | None:
    told = _pause(header, now=now)
    return _status_pause(body) if told is None else told


def _status_pause(body: JSONObject) -> timedelta | None:
    seconds = as_object(body.get("details")).get("retryAfterSeconds")
    return timedelta(seconds=seconds) if isinstance(seconds, int) and 0 < seconds < _DAY else None


def _pause(text: str, *, now: datetime) -> timedelta | None:
    """Return what ``Retry-After`` asks for: seconds or a date (RFC 9110, 10.2.3)."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), _DAY))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if until.tzinfo is None:
        return None
    return min(max(until - now, timedelta(0)), timedelta(seconds=_DAY))


_DAY = 86_400
