"""Applications as they change, over REST: NDJSON, or server-sent events with keepalives.

Nothing at all is answered, not even a header, before there is something to say: the gateway waits
for the server's first message, whatever framing was asked for.

Source: argo-cd ``server/application`` (``Watch``), argoproj/pkg ``grpc/http`` (the forwarder) and
grpc-gateway 1.16 (``ForwardResponseStream``).
"""

import datetime as dt
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.fakes.argocd.accounts import Account
from tests.fakes.argocd.rest.access import caller_of, rbac_name_of
from tests.fakes.argocd.rest.answers import Code, refusal
from tests.fakes.argocd.rest.fields import shown, streamed
from tests.fakes.argocd.selectors import SelectorError, matches
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import APPLICATIONS, Document
from tests.fakes.argocd.streams import IsOpen, Position, Streaming, batches
from tests.fakes.scm_server import Refusal, Reply, Request


@dataclass
class Subscription:
    """One open stream: what it has seen, and what it sent last for each name."""

    site: Site
    request: Request
    caller: Account
    seen: int
    number: int
    talked_at: dt.datetime
    last: dict[str, bytes] = field(default_factory=dict)

    def framed(self, type_: str, app: Document) -> bytes:
        """Return the bytes for an event; none for a repeat, which is judged by name alone."""
        piece = _written(self.request, {"result": {"type": type_, "application": shown(app)}})
        name = app["metadata"]["name"]
        if self.last.get(name) == piece:
            return b""
        self.last[name] = piece
        self.talked_at = self.site.clock.now()
        return piece + b"\n"

    def keepalive(self) -> bytes:
        """Return a comment if nothing was sent for long; not before anything was."""
        now = self.site.clock.now()
        silence = (now - self.talked_at).total_seconds()
        is_due = silence >= self.site.settings.keepalive_seconds
        if not (_is_sse(self.request) and self.last and is_due):
            return b""
        self.talked_at = now
        return b":\n"

    def selects(self, app: Document) -> bool:
        """Answer whether the caller sees an Application; a namespace only goes with a name."""
        query, meta = self.request, app["metadata"]
        settings = self.site.settings
        name, namespace = query.param("name"), query.param("appNamespace") or settings.namespace
        projects = query.params("project") or query.params("projects")
        return (
            (not name or (name, namespace) == (meta["name"], meta["namespace"]))
            and meta["namespace"] in {settings.namespace, *settings.namespaces}
            and (not projects or (app["spec"].get("project") or "default") in projects)
            and int(meta["resourceVersion"]) >= _least_version(query)
            and matches(query.param("selector"), meta.get("labels") or {})
            and self.caller.may("applications", "get", rbac_name_of(self.site, app))
        )

    def begun(self) -> list[Document]:
        """Return what the stream begins with: nothing, from a version on."""
        if self.request.param("resourceVersion") and not self.request.param("name"):
            return []
        found = [it for it in self.site.store.shown(APPLICATIONS) if self.selects(it)]
        return sorted(
            found, key=lambda it: f"{it['metadata']['namespace']}/{it['metadata']['name']}"
        )


def stream_applications(site: Site, request: Request) -> Reply:
    """Stream what changes; it begins with ADDED for all unless a version is given."""
    try:
        caller = caller_of(site, request)
        _check_selector(request)
    except Refusal as refused:
        return _refused(request, refused)
    with site.store.lock:
        now = site.clock.now()
        number = site.streams.open(now)
        subscription = Subscription(site, request, caller, site.store.version, number, now)
        begun = subscription.begun()
    kind = "text/event-stream" if _is_sse(request) else "application/json"
    return Streaming(
        200,
        headers=(("Content-Type", kind), ("Cache-Control", "no-cache")),
        pieces=functools.partial(_pieces, subscription, begun),
        holds_header=True,
    )


def error_chunk(message: str, *, code: Code = Code.UNAVAILABLE, status: int = 503) -> bytes:
    """Return the message with which a stream breaks off; for ``site.streams.close_all``."""
    error = {
        "grpc_code": int(code),
        "http_code": status,
        "message": message,
        "http_status": HTTPStatus(status).phrase,
    }
    return json.dumps({"error": error}).encode()


def _pieces(subscription: Subscription, begun: list[Document], is_open: IsOpen) -> Iterator[bytes]:
    site = subscription.site
    yield from (subscription.framed("ADDED", app) for app in begun)
    for changes in batches(
        site.store,
        site.streams,
        Position(APPLICATIONS, subscription.seen, subscription.number),
        is_open=is_open,
        selects=lambda change: subscription.selects(change.document),
    ):
        yield from (subscription.framed(it.type, it.document) for it in changes)
        yield subscription.keepalive()
    last = site.streams.ends_with
    if subscription.number <= site.streams.closed and last:
        yield _written(subscription.request, json.loads(last))


def _written(request: Request, message: dict[str, Any]) -> bytes:
    """Return a message in the framing that was asked for; ``fields`` cut errors out, too."""
    text = json.dumps(streamed(message, request.param("fields")))
    return f"data: {text} \n\n".encode() if _is_sse(request) else text.encode()


def _refused(request: Request, refused: Refusal) -> Reply:
    """Return an error that came before anything else, as the stream's forwarder writes it."""
    told = refused.reply.body
    body: dict[str, Any] = told if isinstance(told, dict) else {}
    chunk = error_chunk(body["message"], code=Code(body["code"]), status=refused.reply.status)
    return Reply(refused.reply.status, raw=_written(request, json.loads(chunk)))


def _check_selector(request: Request) -> None:
    try:
        matches(request.param("selector"), {})
    except SelectorError as error:
        text = f"error parsing labels with selectors: {error}"
        raise refusal(Code.UNKNOWN, text) from error


def _is_sse(request: Request) -> bool:
    return request.header("accept") == "text/event-stream"


def _least_version(request: Request) -> int:
    version = request.param("resourceVersion")
    return int(version) if version.isdigit() else 0
