"""Watches over the Kubernetes API: events, bookmarks, and 410 for who comes too late."""

import datetime as dt
import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.fakes.argocd.kubernetes import answers
from tests.fakes.argocd.selectors import matches
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import API_VERSIONS, Change, Document
from tests.fakes.argocd.streams import IsOpen, Position, Streaming, batches
from tests.fakes.scm_server import Request


@dataclass
class Watcher:
    """One open watch."""

    site: Site
    request: Request
    kind: str
    namespace: str
    seen: int
    number: int
    begun_at: dt.datetime
    marked_at: dt.datetime

    def event_of(self, change: Change) -> bytes:
        """Return the bytes for a change; none for one that is not selected."""
        if self.namespace not in {"", change.key.namespace}:
            return b""
        fields = self.request.param("fieldSelector")
        if fields and not fields.endswith(f"={change.key.name}"):
            return b""
        was = change.before is not None and self.selects(change.before)
        is_now = change.type != "DELETED" and self.selects(change.document)
        if not (was or is_now):
            return b""
        kind = "MODIFIED" if was and is_now else ("ADDED" if is_now else "DELETED")
        return _line(kind, change.document)

    def bookmark(self) -> bytes:
        """Return a bookmark if it is time for one."""
        now = self.site.clock.now()
        since = (now - self.marked_at).total_seconds()
        wanted = self.request.param("allowWatchBookmarks").lower() in {"true", "1"}
        if not wanted or since < self.site.settings.bookmark_seconds:
            return b""
        self.marked_at = now
        api_version, name = API_VERSIONS[self.kind]
        meta = {"resourceVersion": str(self.site.store.version)}
        return _line("BOOKMARK", {"apiVersion": api_version, "kind": name, "metadata": meta})

    def has_timed_out(self) -> bool:
        """Answer whether the time that the caller gave is over."""
        seconds = float(self.request.param("timeoutSeconds") or "1800")
        return (self.site.clock.now() - self.begun_at).total_seconds() >= seconds

    def selects(self, document: Document) -> bool:
        """Answer whether the caller watches an object."""
        labels = document["metadata"].get("labels") or {}
        return matches(self.request.param("labelSelector"), labels)


def watch(site: Site, request: Request, kind: str, namespace: str) -> Streaming:
    """Open a watch."""
    with site.store.lock:
        version = request.param("resourceVersion")
        is_fresh = version in {"", "0"}
        begun = site.store.shown(kind, namespace) if is_fresh else []
        seen = site.store.version if is_fresh else _version(site, version)
        now = site.clock.now()
        watcher = Watcher(site, request, kind, namespace, seen, site.streams.open(now), now, now)
    return Streaming(
        200,
        headers=(("Content-Type", "application/json"),),
        pieces=functools.partial(_pieces, watcher, begun),
    )


def _version(site: Site, text: str) -> int:
    """Return the version to go on from. Raises 400 and 504."""
    if not text.isdigit():
        reason = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise answers.bad_request(f'resourceVersion: Invalid value: "{text}": {reason}')
    if int(text) > site.store.version:
        raise answers.too_large(int(text), site.store.version)
    return int(text)


def expired() -> bytes:
    """Return the event that ends a watch whose version is forgotten."""
    return _line("ERROR", answers.status_body(410, "Expired", answers.TOO_OLD))


def _pieces(watcher: Watcher, begun: list[Document], is_open: IsOpen) -> Iterator[bytes]:
    site = watcher.site
    yield from (_line("ADDED", it) for it in begun if watcher.selects(it))
    if watcher.seen < site.store.compacted:
        yield expired()
        return
    for changes in batches(
        site.store,
        site.streams,
        Position(watcher.kind, watcher.seen, watcher.number),
        is_open=lambda: is_open() and not watcher.has_timed_out(),
        selects=lambda change: watcher.event_of(change) != b"",
    ):
        yield from map(watcher.event_of, changes)
        yield watcher.bookmark()
    if watcher.number <= site.streams.closed:
        yield site.streams.ends_with


def _line(kind: str, document: Any) -> bytes:
    return json.dumps({"type": kind, "object": document}).encode() + b"\n"
