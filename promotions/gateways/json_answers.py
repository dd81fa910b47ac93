"""What does an answer of a JSON API mean: its body, the next page, an error, when to come back?"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from common.http import Response
from common.jsontypes import JSONValue, as_list, as_object
from promotions.ports.scm import (
    ScmAuthenticationError,
    ScmError,
    ScmLimitError,
    ScmNotFoundError,
    ScmRefusedError,
    ScmUnavailableError,
)

MAX_MESSAGE_CHARACTERS = 500

_BAD_REQUEST = 400
_UNAUTHORISED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER_ERROR = 500
_SECONDARY_LIMIT = "rate limit"
_SECONDARY_PAUSE = timedelta(minutes=1)
_PORTS = {"http": 80, "https": 443}
_LINK = re.compile(r"<(?P<target>[^<>]*)>(?P<parameters>[^<]*)")
_REL = re.compile(r';\s*rel\s*=\s*"?(?P<kinds>[^";,]*)', re.IGNORECASE)
# Under which names the providers put their words, the outermost first.
_WORDS = (
    "message",
    "error",
    "error_description",
    "errorMessages",
    "errors",
    "detail",
    "field",
    "code",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer.

    Attributes:
        body: ``None`` if it is empty, or if it is no JSON and the status says that it failed.
        url: Where it came from, for relative links.
    """

    status: int
    body: JSONValue = None
    headers: tuple[tuple[str, str], ...] = ()
    url: str = ""

    def header(self, name: str) -> str:
        """Return the first value of a header, whatever the case of its name; else empty."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


def read_answer(response: Response, *, name: str) -> Answer:
    """Return a response with its body read.

    Raises:
        ScmUnavailableError: It succeeded, and its body is not empty and no JSON.
    """
    try:
        body = _parsed(response.content)
    except (ValueError, RecursionError) as error:
        if response.status < _BAD_REQUEST:
            kind = response.header("Content-Type").partition(";")[0][:100] or "of no type"
            raise ScmUnavailableError(
                f"{name} answered {response.status} with something other than JSON ({kind});"
                " check that the address is that of its API.",
                retryable=True,
                status=response.status,
            ) from error
        body = None
    return Answer(response.status, body, response.headers, response.url)


def is_limit(answer: Answer) -> bool:
    """Return whether the provider says that it is asked too often.

    Source: GitHub "Rate limits for the REST API": a 403 with ``Retry-After``, with nothing left
    in ``X-RateLimit-Remaining``, or that speaks of a (secondary) rate limit.
    """
    if answer.status == _TOO_MANY:
        return True
    return answer.status == _FORBIDDEN and (
        bool(answer.header("Retry-After"))
        or _remaining(answer) == "0"
        or _SECONDARY_LIMIT in provider_message(answer).lower()
    )


def error_of(answer: Answer, *, name: str, doing: str, now: datetime) -> ScmError:
    """Return the error that a failed answer stands for.

    Args:
        answer: One whose status was not hoped for.
        name: The provider, for people.
        doing: The request, such as ``GET /repos/o/r``.
        now: What dates in the answer are compared with.
    """
    status = answer.status
    said = provider_message(answer)
    because = f": {said}" if said else "."
    pause = asked_pause(answer, now=now)
    if is_limit(answer):
        wait = f"; it asks to wait {pause.total_seconds():.0f} s" if pause else ""
        return ScmLimitError(
            f"{name} is asked too often ({status}{wait}){because}",
            retryable=True,
            status=status,
            retry_after=pause,
        )
    kind, words = _kind(status)
    message = words.format(name=name, doing=doing, status=status) + because
    return kind(message, retryable=status >= _SERVER_ERROR, status=status, retry_after=pause)


def asked_pause(answer: Answer, *, now: datetime) -> timedelta | None:
    """Return how long the provider asks to wait before the next request; ``None`` if it does not.

    Source: RFC 9110 10.2.3 (``Retry-After``: seconds or a date); GitHub and GitLab send the
    seconds since 1970 in ``X-RateLimit-Reset`` and ``RateLimit-Reset``.
    """
    told = _told(answer.header("Retry-After").strip(), now=now)
    if told is not None:
        return told
    if not is_limit(answer):
        return None
    reset = answer.header("X-RateLimit-Reset") or answer.header("RateLimit-Reset")
    if _remaining(answer) == "0" and _is_count(reset):
        return _not_negative(timedelta(seconds=int(reset) - now.timestamp()))
    # GitHub: "wait for at least one minute", if a secondary limit comes without a time.
    return _SECONDARY_PAUSE if answer.status == _FORBIDDEN else None


def provider_message(answer: Answer) -> str:
    """Return the provider's own words about a failure on one line; empty if there are none."""
    words = dict.fromkeys(" ".join(text.split()) for text in _words(answer.body, depth=4))
    text = "; ".join(word for word in words if word)
    return text[:MAX_MESSAGE_CHARACTERS]


def next_link(answer: Answer) -> str:
    """Return where the answer says the next page is, as it says it, or nothing.

    Source: RFC 8288.
    """
    for link in _LINK.finditer(answer.header("Link")):
        rel = _REL.search(link["parameters"])
        if rel and "next" in rel["kinds"].lower().split():
            return str(link["target"])
    return ""


def same_origin(url: str, target: str) -> str:
    """Return where ``target``, found in an answer from ``url``, leads on the same host.

    The scheme, host and port are taken from ``url``, so that no two readings of a crooked target
    can differ; empty if it leads to another host or is no address.
    """
    here = urlsplit(url)
    try:
        there = urlsplit(urljoin(url, target))
        if _origin(there) != _origin(here):
            return ""
    except ValueError:
        return ""
    return urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))


def _kind(status: int) -> tuple[type[ScmError], str]:
    """Return which error a status is, and in which words."""
    if status in {_UNAUTHORISED, _FORBIDDEN}:
        return ScmAuthenticationError, (
            "{name} refused {doing} ({status}); check the credential and its rights"
        )
    if status == _NOT_FOUND:
        return ScmNotFoundError, (
            "{name} has nothing at {doing} ({status}), or the credential may not see it"
        )
    if _BAD_REQUEST <= status < _SERVER_ERROR:
        return ScmRefusedError, "{name} will not {doing} ({status})"
    return ScmUnavailableError, "{name} answered {doing} with {status}"


def _parsed(content: bytes) -> JSONValue:
    if not content.strip():
        return None
    parsed: JSONValue = json.loads(content, parse_constant=_refuse_constant)
    return parsed


def _refuse_constant(text: str) -> JSONValue:
    raise ValueError(f"{text} is no JSON")


def _remaining(answer: Answer) -> str:
    return answer.header("X-RateLimit-Remaining") or answer.header("RateLimit-Remaining")


def _told(text: str, *, now: datetime) -> timedelta | None:
    if _is_count(text):
        return timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return None if until.tzinfo is None else _not_negative(until - now)


def _is_count(text: str) -> bool:
    return len(text) <= 11 and text.isascii() and text.isdigit()  # noqa: PLR2004 - any more is no time


def _not_negative(pause: timedelta) -> timedelta:
    return max(pause, timedelta(0))


def _words(value: JSONValue, *, depth: int) -> Iterator[str]:
    """Yield the texts of an error, in whichever of the providers' forms it is."""
    if isinstance(value, str):
        yield value
    elif depth == 0:
        return
    elif isinstance(value, Mapping):
        known = [value[name] for name in _WORDS if name in value]
        for item in known or list(as_object(value).values()):
            yield from _words(item, depth=depth - 1)
    else:
        for item in as_list(value)[:10]:
            yield from _words(item, depth=depth - 1)


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)
