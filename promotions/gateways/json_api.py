"""How is a JSON API over HTTP called: with a credential, patience, and a limit to everything?"""

import base64
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.clock import now
from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from common.http import Client, Limits, Response, client
from common.jsontypes import JSONValue
from common.redaction import redact
from promotions.gateways.json_answers import (
    Answer,
    error_of,
    next_link,
    read_answer,
    same_origin,
)
from promotions.ports.scm import ScmError, ScmLimitError, ScmUnavailableError

MAX_ATTEMPTS = 4
MAX_PAGES = 50
MAX_BYTES = 8 * 1024 * 1024
REQUEST_TIMEOUT = timedelta(seconds=30)

SUCCESSES = (200, 201, 202, 204)

_FIRST_PAUSE = timedelta(milliseconds=500)
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_MAX_REDIRECTS = 3
_NO_ANSWER = 0
_SERVER_ERROR = 500
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVED_AS_IT_IS = frozenset({307, 308})

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class JsonApi:
    """One provider's API, under one credential.

    A request is tried again while the provider says that it is asked too often, and, if doing it
    twice is doing it once (GET, HEAD, PUT, DELETE), when there was no answer or a 5xx: at most
    ``MAX_ATTEMPTS`` times, and never past ``max_wait`` after the first.

    Attributes:
        base_url: What every path is joined to, such as ``https://api.github.com``.
        headers: Sent with every request; they hold the credential and are in no error.
        name: The provider, for people.
        sleep: Takes seconds.
        clock: Returns the current time; the provider's dates are compared with it.
    """

    policy: EgressPolicy
    base_url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    verify_tls: bool = True
    name: str = "GitHub"
    max_wait: timedelta = timedelta(seconds=30)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], datetime] = now
    timeout: timedelta = REQUEST_TIMEOUT
    _client: Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for header, value in self.headers:
            if not (value.isascii() and value.isprintable()):
                raise InvalidError(
                    f"The credential for {self.name} has characters that cannot be in the"
                    f" {header} header; check that it was copied whole and without line breaks."
                )
        object.__setattr__(self, "_client", client(self.policy, verify_tls=self.verify_tls))

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Pairs = (),
        body: JSONValue = None,
        accept: Collection[int] = SUCCESSES,
        headers: Pairs = (),
    ) -> Answer:
        """Send a request and return the answer, if its status is one of ``accept``.

        Args:
            method: The HTTP method.
            path: Joined to ``base_url``; quote its parts with ``quote(part, safe="")``.
            params: The query; repetitions are allowed.
            body: Sent as JSON; ``None`` sends none.
            accept: Statuses to return; a body that is no JSON is an error only below 400.
            headers: More header fields.

        Raises:
            InvalidError: The path or the address cannot be.
            ScmError: Of the kind that the status stands for, with the provider's own message.
        """
        if any(part in {".", ".."} for part in path.split("/")):
            raise InvalidError(f'"{path}" is no path of {self.name}.')
        request = _Request(
            method,
            f"{self.base_url.rstrip('/')}/{path.lstrip('/')}",
            doing=f"{method} {path}",
            params=tuple(params),
            content=b"" if body is None else json.dumps(body).encode(),
            headers=tuple(headers),
        )
        return self._patiently(request, accept)

    def pages(
        self,
        path: str,
        *,
        params: Pairs = (),
        limit: int = MAX_PAGES,
        following: Callable[[Answer], str] = next_link,
    ) -> Iterator[JSONValue]:
        """Yield the body of each page, at most ``limit`` of them.

        Args:
            path: As for :meth:`call`.
            params: Of the first page.
            limit: How many pages there are at most.
            following: Returns the address of the next page, or nothing; by ``Link: rel="next"``.

        Raises:
            ScmError: As :meth:`call`; also if the next page is said to be on another host.
        """
        answer = self.call("GET", path, params=params)
        seen = {answer.url}
        yield answer.body
        while (target := following(answer)) and len(seen) < limit:
            url = self._here(answer.url, target, status=answer.status)
            if url in seen:
                return
            seen.add(url)
            answer = self._patiently(_Request("GET", url, doing=f"GET {path}"), SUCCESSES)
            yield answer.body

    def _patiently(self, request: "_Request", accept: Collection[int]) -> Answer:
        """Return the answer, having tried as often as is safe and in time."""
        began = self.clock()
        attempt = 1
        while True:
            try:
                return self._once(request, accept)
            except ScmError as error:
                pause = error.retry_after or _FIRST_PAUSE * 2 ** (attempt - 1)
                in_time = self.clock() - began + pause <= self.max_wait
                if not (in_time and attempt < MAX_ATTEMPTS and _may_repeat(request, error)):
                    raise
            self.sleep(pause.total_seconds())
            attempt += 1

    def _once(self, request: "_Request", accept: Collection[int]) -> Answer:
        """Return the answer to one attempt; errors are without the credential."""
        answer = read_answer(self._sent(request), name=self.name)
        if answer.status in accept:
            return answer
        error = error_of(answer, name=self.name, doing=request.doing, now=self.clock())
        error.message = redact(error.message, secrets=_secrets(self.headers))
        error.args = (error.message,)
        raise error

    def _sent(self, request: "_Request") -> Response:
        """Return the response, having followed redirects that stay on the host.

        Others would show the credential, which may be in any header, to somebody else.
        """
        url, params = request.url, request.params
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._exchanged(request, url, params)
            target = response.header("Location")
            moved = _MOVED if request.method == "GET" else _MOVED_AS_IT_IS
            if response.status not in moved or not target:
                return response
            url, params = self._here(url, target, status=response.status), ()
        raise ScmUnavailableError(f"{self.name} redirects for ever.", retryable=False)

    def _exchanged(self, request: "_Request", url: str, params: Pairs) -> Response:
        content_type = (("Content-Type", "application/json"),) if request.content else ()
        try:
            return self._client.request(
                request.method,
                url,
                headers=(*self.headers, *content_type, *request.headers),
                params=params,
                content=request.content,
                limits=Limits(self.timeout.total_seconds(), MAX_BYTES, max_redirects=0),
            )
        except UpstreamError as error:
            raise ScmUnavailableError(
                f"{self.name} could not be asked: {error.message}",
                retryable=error.retryable,
                code=error.code,
            ) from error

    def _here(self, url: str, target: str, *, status: int) -> str:
        """Return where a link in an answer from ``url`` leads, if it stays on the host."""
        found = same_origin(url, target)
        if not found:
            raise ScmUnavailableError(
                f"{self.name} points to another host than {self.base_url}, which is not followed;"
                " check the address.",
                retryable=False,
                status=status,
            )
        return found


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    doing: str
    params: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def _may_repeat(request: _Request, error: ScmError) -> bool:
    """Return whether a request that came to this may be sent again, and if that could help."""
    has_failed = error.status == _NO_ANSWER or error.status >= _SERVER_ERROR
    is_repeatable = request.method in _REPEATABLE and error.retryable and has_failed
    return isinstance(error, ScmLimitError) or is_repeatable


def _secrets(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return what in these headers a provider might repeat: tokens, and the password of a pair."""
    tokens = [value.split()[-1] for _, value in headers if value.strip()]
    return (*tokens, *(_password(token) for token in tokens))


def _password(token: str) -> str:
    try:
        return base64.b64decode(token, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
