"""Speaks to a server as the stock ``kargo`` command line does, down to the headers.

One :class:`Session` is one configuration file: an address and a bearer token. ``call`` is one
request of the generated client of 1.11, by the ``operationId`` of Kargo's description::

    session = Session(site.address, token)
    session.call("GetStage", project="demo", stage="test")                  # decoded, or CliError
    session.call("ApproveFreight", project="demo", freight_name_or_alias="x", stage="prod")
    session.call("QueryFreightsRest", project="demo", origins=["main", "other"])
    session.call("CreateResource", body="apiVersion: ...")                  # text, sent as it is
    session.call("PromoteToStage", project=..., stage=..., body={...})      # keys sorted, as sent

Path and query parameters are keywords (dashes become underscores). ``OldSession`` is the same for
1.9 and 1.10: those forget the path of the address, and take nothing but the one described status.
``watch`` and ``logs`` are the command line's own reader of event streams.
"""

import gzip
import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from tests.compat.cli import models
from tests.compat.cli.models import Operation

VERSION = "v1.11.2"
PATIENCE_SECONDS = 90.0
LONGEST_EVENT = 1 << 20
_UNESCAPED_IN_PATHS = "$&+=:@"
_IS_JSON = re.compile(r"(?:application|text)/(?:[^;]+\+)?json", re.IGNORECASE)


class CliError(Exception):
    """What the command line prints after ``Error:``; it exits with 1.

    Attributes:
        status: Of the answer; 200 if it was a success that could not be read.
        body: Of the answer.
    """

    def __init__(self, text: str, *, status: int, body: bytes) -> None:
        super().__init__(text)
        self.status = status
        self.body = body

    @property
    def error(self) -> str:
        """The server's message; every refusal has exactly this one key."""
        document = json.loads(self.body)
        assert list(document) == ["error"], document
        return str(document["error"])


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came, uncompressed."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        return f"{self.status} {self.reason}"


def normalize_address(given: str) -> str:
    """Return an address as ``kargo login`` stores it."""
    given = given.strip()
    return given if not given or "://" in given else f"https://{given}"


@dataclass(frozen=True, slots=True)
class Session:
    """The client of 1.11."""

    address: str
    token: str = ""
    user_agent: ClassVar[str] = "OpenAPI-Generator/1.0.0/go"

    def call(self, name: str, *, body: Any = None, **parameters: Any) -> Any:
        """Do one operation and return what was decoded; ``None`` for those without a result.

        Raises:
            CliError: It was refused, or answered what the client cannot read.
        """
        operation = models.operation(name)
        answer = self.ask(name, body=body, **parameters)
        if answer.status >= 300:
            text = answer.body.decode().strip()
            raise self._error(f"{answer.line}: {text}" if text else answer.line, answer)
        return self._decoded(operation, answer) if operation.has_result else None

    def ask(self, name: str, *, body: Any = None, **parameters: Any) -> Answer:
        """Send one operation and return the answer as it came."""
        operation = models.operation(name)
        headers = self._headers(operation)
        payload = None
        assert (body is not None) == bool(operation.named("body")), f"{name} and its body"
        if body is not None:
            headers["Content-Type"] = next(iter(operation.consumes), "application/json")
            payload = body.encode() if isinstance(body, str) else _encoded(body)
        path = _path(operation, parameters)
        query = _query(operation, parameters)
        assert not parameters, f"{name} takes no {sorted(parameters)}"
        target = self._base() + path + (f"?{query}" if query else "")
        return self.send(operation.method, target, headers, payload)

    def send(
        self, method: str, url: str, headers: dict[str, str], payload: bytes | None = None
    ) -> Answer:
        """Send a request over a connection of its own, with what every request has."""
        connection = self._opened(method, url, headers, payload)
        try:
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        found = {key.lower(): value for key, value in response.getheaders()}
        assert not 300 <= response.status < 400, (url, found)
        if found.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(response.status, response.reason, found, content)

    @contextmanager
    def watch(self, path: str) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
        """Follow ``path`` (below ``/v1beta1``, unescaped): pairs of a type and an object.

        The iterator ends when the server ends the stream, and fails after 90 seconds of nothing.

        Raises:
            CliError: The server refused.
        """
        with self._stream(f"{path}{'&' if '?' in path else '?'}watch=true") as blocks:
            yield (_event(block) for block in blocks)

    @contextmanager
    def logs(self, path: str) -> Iterator[Iterator[str]]:
        """Follow the logs at ``path``: pieces of text, which the command line prints as they are.

        Raises:
            CliError: The server refused.
        """
        with self._stream(path) as blocks:
            yield blocks

    @contextmanager
    def _stream(self, path: str) -> Iterator[Iterator[str]]:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = f"{self.address.removesuffix('/')}/v1beta1/{path}"
        connection = self._opened("GET", url, headers, None, user_agent="Go-http-client/1.1")
        try:
            response = connection.getresponse()
            if response.status != 200:
                text = response.read()
                answer = Answer(response.status, response.reason, {}, text)
                raise self._error(f"unexpected status {answer.status}: {text.decode()}", answer)
            yield _blocks(response)
        finally:
            connection.close()

    def _opened(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        payload: bytes | None,
        *,
        user_agent: str = "",
    ) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(method, target, skip_accept_encoding=True)
        connection.putheader("User-Agent", user_agent or self.user_agent)
        if payload is not None or method in {"POST", "PUT", "PATCH"}:
            connection.putheader("Content-Length", str(len(payload or b"")))
        headers = {**headers, "X-Kargo-CLI-Version": VERSION, "Accept-Encoding": "gzip"}
        for key, value in {**headers, "Connection": "close"}.items():
            connection.putheader(key, value.encode())
        connection.endheaders(payload)
        return connection

    def _base(self) -> str:
        return self.address.removesuffix("/")

    def _headers(self, operation: Operation) -> dict[str, str]:
        headers = {"Accept": "application/json"} if operation.has_result else {}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def _decoded(self, operation: Operation, answer: Answer) -> Any:
        if not answer.body:
            return None
        if not _IS_JSON.search(answer.headers.get("content-type", "")):
            raise self._error("undefined response type", answer)
        try:
            value = json.loads(answer.body)
            models.check(value, operation.success["schema"])
        except (ValueError, models.DecodeError) as error:
            raise self._error(str(error), answer) from error
        return value

    @staticmethod
    def _error(text: str, answer: Answer) -> CliError:
        return CliError(text, status=answer.status, body=answer.body)


@dataclass(frozen=True, slots=True)
class OldSession(Session):
    """The client of 1.9 and 1.10."""

    user_agent: ClassVar[str] = "Go-http-client/1.1"

    def call(self, name: str, *, body: Any = None, **parameters: Any) -> Any:
        """Do one operation; any status but the described ones is an error.

        Raises:
            CliError: It was refused, or answered what the client cannot read.
        """
        operation = models.operation(name)
        # That client leaves out queries that are empty.
        answer = self.ask(name, body=body, **{k: it for k, it in parameters.items() if it != ""})
        described = [code for code in operation.responses if code < "300"]
        if str(answer.status) not in described:
            raise self._error(f"unknown error (status {answer.status}): {answer.line}", answer)
        if not operation.has_result or not answer.body:
            return None
        if not _IS_JSON.search(answer.headers.get("content-type", "")):
            raise self._error("no consumer", answer)
        return json.loads(answer.body)

    def _base(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    def _headers(self, operation: Operation) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if operation.method != "GET":
            headers["Content-Type"] = next(iter(operation.consumes), "application/json")
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


def _path(operation: Operation, parameters: dict[str, Any]) -> str:
    path = operation.path
    for name in operation.named("path"):
        value = str(parameters.pop(name.replace("-", "_")))
        path = path.replace(f"{{{name}}}", quote(value, safe=_UNESCAPED_IN_PATHS))
    return path


def _query(operation: Operation, parameters: dict[str, Any]) -> str:
    sent: dict[str, str] = {}
    for name, described in operation.named("query").items():
        if name not in parameters:
            assert not described.get("required"), f"{name} is required"
            continue
        value = parameters.pop(name)
        if isinstance(value, bool):
            value = str(value).lower()
        sent[name] = ",".join(value) if isinstance(value, list) else str(value)
    return urlencode(sorted(sent.items()))


def _encoded(body: Any) -> bytes:
    """Encode as Go does: keys sorted, no spaces, safe in HTML, a line's end after it."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{text}\n".encode()


def _blocks(response: http.client.HTTPResponse) -> Iterator[str]:
    """Yield the data of each event; comments, and blocks without data, are passed over."""
    held, heard_at = b"", time.monotonic()
    while time.monotonic() < heard_at + PATIENCE_SECONDS:
        try:
            piece = response.read1(1 << 16)
        except TimeoutError:
            break
        *blocks, held = (held + piece).split(b"\n\n")
        assert len(held) < LONGEST_EVENT, "bufio.Scanner: token too long"
        if not piece and held:
            blocks, held = [held], b""
        for block in blocks:
            lines = block.decode().split("\n")
            found = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
            if found:
                heard_at = time.monotonic()
                yield "\n".join(found)
        if not piece:
            return
    raise AssertionError(f"no event came for {PATIENCE_SECONDS} s")


def _event(block: str) -> tuple[str, dict[str, Any]]:
    document = json.loads(block)
    # An error's document has neither; the command line then sees an empty object.
    event = {"type": document.get("type", ""), "object": document.get("object") or {}}
    if event["object"] and event["type"] != "DELETED":
        models.check_object(event["object"])
    return event["type"], event["object"]
