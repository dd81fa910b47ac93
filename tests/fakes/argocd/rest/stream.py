"""Applications as they change, over REST: NDJSON, or server-sent events with keepalives.

Source: argo-cd ``server/application`` (``Watch``) and its stream forwarder.
"""

import datetime as dt
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.fakes.argocd.rest.access import caller_of, rbac_name_of
from tests.fakes.argocd.rest.applications import visible_apps
from tests.fakes.argocd.rest.fields import streamed
from tests.fakes.argocd.selectors import matches
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import APPLICATIONS, Change, Document
from tests.fakes.argocd.streams import IsOpen, Position, Streaming, batches
from tests.fakes.scm_server import Reply, Request


@dataclass
class Subscription:
    """One open stream: what it has seen, and what it sent last for each name."""

    site: Site
    request: Request
    is_sse: bool
    seen: int
    number: int
    talked_at: dt.datetime
    last: dict[str, str] = field(default_factory=dict)

    def framed(self, type_: str, app: Document) -> bytes:
        """Return the bytes for an event; none for a repeat, which is judged by name alone."""
        message = {"result": {"type": type_, "application": app}}
        text = json.dumps(streamed(message, self.request.param("fields")))
        name = app["metadata"]["name"]
        if self.request.param("fields") and self.last.get(name) == text:
            return b""
        self.last[name] = text
        self.talked_at = self.site.clock.now()
        return f"data: {text}\n\n".encode() if self.is_sse else f"{text}\n".encode()

    def keepalive(self) -> bytes:
        """Return a comment if nothing was sent for long."""
        now = self.site.clock.now()
        silence = (now - self.talked_at).total_seconds()
        if not self.is_sse or silence < self.site.settings.keepalive_seconds:
            return b""
        self.talked_at = now
        return b":\n\n"

    def selects(self, change: Change) -> bool:
        """Answer whether the caller sees a change."""
        app, query = change.document, self.request
        meta = app["metadata"]
        projects = {*query.params("projects"), *query.params("project")}
        return (
            query.param("name") in {"", meta["name"]}
            and query.param("appNamespace") in {"", meta["namespace"]}
            and (not projects or (app["spec"].get("project") or "default") in projects)
            and matches(query.param("selector"), meta.get("labels") or {})
            and caller_of(self.site, query).may("applications", "get", rbac_name_of(self.site, app))
        )


def stream_applications(site: Site, request: Request) -> Reply:
    """Stream what changes; it begins with ADDED for all unless a version is given."""
    with site.store.lock:
        begun = visible_apps(site, request)
        version = request.param("resourceVersion")
        is_sse = "text/event-stream" in request.header("accept")
        now = site.clock.now()
        number = site.streams.open(now)
        subscription = Subscription(site, request, is_sse, site.store.version, number, now)
    if version and not request.param("name"):
        begun = [app for app in begun if int(app["metadata"]["resourceVersion"]) > int(version)]
    kind = "text/event-stream" if is_sse else "application/json"
    return Streaming(
        200,
        headers=(("Content-Type", kind), ("Cache-Control", "no-cache")),
        pieces=functools.partial(_pieces, subscription, begun),
        holds_header=not is_sse,
    )


def error_chunk(message: str, *, grpc_code: int = 14, http_code: int = 503) -> bytes:
    """Return the message with which a stream breaks off; for ``site.streams.close_all``."""
    error = {
        "grpc_code": grpc_code,
        "http_code": http_code,
        "message": message,
        "http_status": "Service Unavailable",
    }
    return f"{json.dumps({'error': error})}\n".encode()


def _pieces(subscription: Subscription, begun: list[Document], is_open: IsOpen) -> Iterator[bytes]:
    site = subscription.site
    yield from (subscription.framed("ADDED", app) for app in begun)
    for changes in batches(
        site.store,
        site.streams,
        Position(APPLICATIONS, subscription.seen, subscription.number),
        is_open=is_open,
        selects=subscription.selects,
    ):
        yield from (subscription.framed(it.type, it.document) for it in changes)
        yield subscription.keepalive()
    last = site.streams.ends_with
    if subscription.number <= site.streams.closed and last:
        yield b"data: " + last + b"\n" if subscription.is_sse else last
