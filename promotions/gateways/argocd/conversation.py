"""Speaks to one server within its limits: what is read is tried again, what changes things never.

Answers come back as JSON, as a :class:`Problem`, or as :class:`Lost` if nobody can tell whether
the request was taken. Redirects are not followed: they would show the token to somebody else.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from common.clock import now
from common.errors import InvalidError, UpstreamError
from common.http import Client, Limits, Received, Response
from common.jsontypes import JSONObject, JSONValue
from common.redaction import redact
from promotions.gateways.argocd.errors import (
    TEMPORARY,
    TOO_MANY,
    UNAUTHORIZED,
    Problem,
    error_of,
    nonsense,
    problem_in,
)
from promotions.gateways.argocd.limits import PlaneLimits
from promotions.gateways.argocd.patience import WORTH_REPEATING, Patience, next_pause
from promotions.ports.argocd_access import PlaneAccess
from promotions.ports.argocd_errors import ArgoCDError, ArgoCDUnavailableError

READ_SECONDS = 10.0
WRITE_SECONDS = 30.0
"""Argo CD resolves a revision, which may fetch a repository, before it answers to a sync."""
MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
READ_ATTEMPTS = 3

_REDIRECT = 300
_MAX_PROBLEM_BYTES = 64 * 1024
_NEVER_SENT = frozenset({"egress_refused", "host_unresolved"})

Params: TypeAlias = Iterable[tuple[str, str]]
Sleep: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer, or none that tells: what was asked for may have been done."""

    message: str


Answer: TypeAlias = JSONObject | Problem | Lost


class Conversation:
    """What both transports say is sent here. Safe to share by threads.

    Args:
        access: Where to, and as whom.
        client: Which believes that server and no other.
        limits: Of this control plane.
        sleep: Waits, between attempts to read.
    """

    def __init__(
        self,
        access: PlaneAccess,
        client: Client,
        limits: PlaneLimits,
        *,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.name = access.name
        self.limits = limits
        self._base_url = access.base_url.rstrip("/")
        self._client = client
        self._sleep = sleep
        self._tokens = tuple(_checked(it) for it in (access.token, access.next_token) if it)
        self._current = 0

    @property
    def token(self) -> str:
        """The token that is in use; empty without one."""
        return self._tokens[self._current] if self._tokens else ""

    def read(
        self,
        path: str,
        params: Params = (),
        *,
        doing: str,
        seconds: float = READ_SECONDS,
        may_take_long: bool = False,
    ) -> JSONObject:
        """Return what is at a path, asked for again where that may help soon.

        Args:
            path: Below the base address, its parts quoted.
            params: The query.
            doing: What it is for, as in ``may not {doing}``.
            seconds: How long one attempt may take.
            may_take_long: That it took longer says nothing about the server.

        Raises:
            ArgoCDError: Of the kind that the answer stands for.
        """
        query = tuple(params)
        patience = Patience(seconds, may_take_long=may_take_long)
        for attempt in range(1, READ_ATTEMPTS):
            try:
                return self._read_once(path, query, doing=doing, patience=patience)
            except ArgoCDError as error:
                pause = next_pause(error, attempt)
                if pause is None:
                    raise
            self._sleep(pause)
        return self._read_once(path, query, doing=doing, patience=patience)

    def send(
        self,
        method: str,
        path: str,
        body: JSONValue,
        *,
        doing: str,
        params: Params = (),
        content_type: str = "application/json",
        seconds: float = WRITE_SECONDS,
    ) -> Answer:
        """Ask for a change, once.

        Raises:
            ArgoCDError: Nothing was done: the token was refused (401), it is asked too often
                (429, or our own limits), the circuit is open, or there is no such host.
        """
        try:
            response = self._exchange(
                method,
                path,
                tuple(params),
                content=json.dumps(body).encode(),
                content_type=content_type,
                patience=Patience(seconds),
            )
        except ArgoCDError:
            raise
        except UpstreamError as error:
            if error.code in _NEVER_SENT:
                raise self._unavailable(error, doing) from error
            return Lost(self._unavailable(error, doing).message)
        if response.status >= _REDIRECT:
            problem = self._problem(response)
            if problem.status in {UNAUTHORIZED, TOO_MANY}:
                raise error_of(problem, name=self.name, doing=doing)
            return problem
        found = _parsed(response.content)
        if found is None:
            lost = nonsense(name=self.name, doing=doing, status=response.status).message
            self.limits.failed(lost)
            return Lost(lost)
        self.limits.succeeded()
        return found

    @contextmanager
    def stream(
        self,
        path: str,
        params: Params = (),
        *,
        doing: str,
        limits: Limits,
        accept: str = "application/json",
        may_be_silent: bool = False,
    ) -> Iterator[Iterator[bytes]]:
        """Give the pieces of a successful answer as they come.

        With ``may_be_silent``, no answer within the time is one without a piece.

        Raises:
            ArgoCDError: Also while the pieces are read.
        """
        self.limits.take()
        with ExitStack() as stack:
            received = self._begun(
                stack,
                self._received(path, tuple(params), limits=limits, accept=accept),
                doing=doing,
                may_be_silent=may_be_silent,
            )
            yield iter(()) if received is None else self._pieces(received, doing)

    def _begun(
        self,
        stack: ExitStack,
        answer: AbstractContextManager[Received],
        *,
        doing: str,
        may_be_silent: bool,
    ) -> Received | None:
        """Return a successful answer, to be left with ``stack``; ``None`` if there is none yet."""
        with self._errors(doing):
            try:
                received = stack.enter_context(answer)
            except UpstreamError as error:
                if may_be_silent and error.code == "upstream_timeout":
                    return None
                raise
            if received.status >= _REDIRECT:
                raise error_of(self._problem(_whole(received)), name=self.name, doing=doing)
        self.limits.succeeded()
        return received

    def _pieces(self, received: Received, doing: str) -> Iterator[bytes]:
        pieces = received.pieces()
        while True:
            with self._errors(doing):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """Turn what goes wrong on the way into our errors, and count it."""
        try:
            yield
        except ArgoCDError:
            raise
        except UpstreamError as error:
            self.limits.failed(error.message)
            raise self._unavailable(error, doing) from error

    @contextmanager
    def _received(
        self, path: str, params: tuple[tuple[str, str], ...], *, limits: Limits, accept: str
    ) -> Iterator[Received]:
        """Give an answer; if the token is refused and there is another, that one's answer."""
        for index in self._order():
            headers = (("Accept", accept), *_bearer(self._tokens, index))
            with self._client.stream(
                "GET", self._base_url + path, headers=headers, params=params, limits=limits
            ) as received:
                if received.status == UNAUTHORIZED and index != self._order()[-1]:
                    continue
                self._current = index if received.status != UNAUTHORIZED else self._current
                yield received
                return

    def _read_once(
        self, path: str, params: tuple[tuple[str, str], ...], *, doing: str, patience: Patience
    ) -> JSONObject:
        try:
            response = self._exchange("GET", path, params, patience=patience)
        except ArgoCDError:
            raise
        except UpstreamError as error:
            raise self._unavailable(error, doing) from error
        if response.status >= _REDIRECT:
            raise error_of(self._problem(response), name=self.name, doing=doing)
        found = _parsed(response.content)
        if found is None:
            problem = nonsense(name=self.name, doing=doing, status=response.status)
            self.limits.failed(problem.message)
            raise problem
        self.limits.succeeded()
        return found

    def _exchange(
        self,
        method: str,
        path: str,
        params: tuple[tuple[str, str], ...],
        *,
        patience: Patience,
        content: bytes = b"",
        content_type: str = "",
    ) -> Response:
        """Return the answer; if the token is refused and there is another, that one's answer.

        A refused token means that nothing was done, so that this may repeat anything.
        """
        order = self._order()
        kind = (("Content-Type", content_type),) if content_type else ()
        response: Response | None = None
        for index in order:
            response = self._exchange_once(
                method,
                path,
                params,
                headers=(("Accept", "application/json"), *kind, *_bearer(self._tokens, index)),
                content=content,
                patience=patience,
            )
            if response.status != UNAUTHORIZED:
                self._current = index
                break
        if response is None:
            raise AssertionError("there is always one way to ask")
        return response

    def _exchange_once(
        self,
        method: str,
        path: str,
        params: tuple[tuple[str, str], ...],
        *,
        headers: tuple[tuple[str, str], ...],
        content: bytes,
        patience: Patience,
    ) -> Response:
        with self.limits.request():
            try:
                response = self._client.request(
                    method,
                    self._base_url + path,
                    headers=headers,
                    params=params,
                    content=content,
                    limits=Limits(patience.seconds, MAX_DOCUMENT_BYTES, max_redirects=0),
                )
            except UpstreamError as error:
                if not (patience.may_take_long and error.code == "upstream_timeout"):
                    self.limits.failed(error.message)
                raise
        return response

    def _problem(self, response: Response) -> Problem:
        """Return what an answer says, having noted what it means for the limits."""
        problem = problem_in(response, now=now())
        if problem.status in TEMPORARY or problem.is_page:
            self.limits.failed(f"It answered with {problem.status}.")
        else:
            self.limits.succeeded()
        if problem.retry_after and problem.status in WORTH_REPEATING:
            self.limits.pause(problem.retry_after.total_seconds())
        return replace(problem, words=redact(problem.words, secrets=self._tokens))

    def _unavailable(self, error: UpstreamError, doing: str) -> ArgoCDUnavailableError:
        return ArgoCDUnavailableError(
            f"{self.name} could not be asked to {doing}: {error.message}{_hint(error.message)}",
            retryable=error.retryable,
            code=error.code,
        )

    def _order(self) -> tuple[int, ...]:
        """Return which tokens to try, the one that worked last first."""
        others = (index for index in range(len(self._tokens)) if index != self._current)
        return (self._current, *others)


def _bearer(tokens: tuple[str, ...], index: int) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {tokens[index]}"),) if tokens else ()


def _checked(token: str) -> str:
    text = token.strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidError("The token holds characters that no token has; paste it once more.")
    return text


def _parsed(content: bytes) -> JSONObject | None:
    """Return the object in an answer; ``None`` if it is none."""
    try:
        found: JSONValue = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _whole(received: Received) -> Response:
    """Return the beginning of an answer, enough to see what went wrong."""
    body = bytearray()
    for piece in received.pieces():
        body += piece
        if len(body) >= _MAX_PROBLEM_BYTES:
            break
    return Response(received.status, received.headers, bytes(body), received.url)


def _hint(message: str) -> str:
    """Return what to do about a server that is not believed."""
    if "CERTIFICATE_VERIFY_FAILED" in message or "not the pinned one" in message:
        return (
            " Give the CA bundle that signed its certificate, or pin the certificate's SHA-256"
            " fingerprint."
        )
    return ""
