"""Cuts a watch into events: server-sent events of Argo CD, or lines of Kubernetes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.gateways.argocd.documents import hint, selected
from promotions.gateways.argocd.errors import error_of, stream_problem
from promotions.ports.argocd import Selection, WatchEvent, WatchKind
from promotions.ports.argocd_errors import ArgoCDUnavailableError

MAX_LINE_BYTES = 8 * 1024 * 1024

_DATA = b"data:"
_OTHER_FIELDS = (b"event:", b"id:", b"retry:")
_DOING = "watch Applications"
_SIGN_OF_LIFE = WatchEvent(WatchKind.BOOKMARK)


def rest_events(pieces: Iterable[bytes], *, name: str) -> Iterator[WatchEvent]:
    """Yield the events of Argo CD's stream; a comment is a sign of life.

    The error that ends one has no line end. Both framings are read, since a proxy or an old server
    may ignore which one was asked for.

    Raises:
        ArgoCDError: The stream reports an error, or makes no sense.
    """
    for line in lines(pieces, name=name):
        if line.startswith(b":"):
            yield _SIGN_OF_LIFE
            continue
        text = line.removeprefix(_DATA).strip()
        if not text or text.startswith(_OTHER_FIELDS):
            continue
        message = _object(text, name=name)
        if isinstance(error := message.get("error"), Mapping):
            raise error_of(stream_problem(error), name=name, doing=_DOING)
        result = as_object(message.get("result"))
        event = _event(as_text(result.get("type")), as_object(result.get("application")))
        if event is not None:
            yield event


def kubernetes_events(pieces: Iterable[bytes], *, name: str) -> Iterator[WatchEvent]:
    """Yield the events of a Kubernetes watch, bookmarks included.

    Raises:
        ArgoCDExpiredError: The resource version is too old: begin with a list.
        ArgoCDError: The stream reports another error, or makes no sense.
    """
    for line in lines(pieces, name=name):
        if not line.strip():
            continue
        message = _object(line, name=name)
        kind, document = as_text(message.get("type")), as_object(message.get("object"))
        if kind == "ERROR":
            raise error_of(stream_problem(document), name=name, doing=_DOING)
        if kind == WatchKind.BOOKMARK:
            yield WatchEvent(WatchKind.BOOKMARK, resource_version=_version(document))
            continue
        event = _event(kind, document)
        if event is not None:
            yield event


def concerning(events: Iterable[WatchEvent], selection: Selection) -> Iterator[WatchEvent]:
    """Yield the events about applications of the selected namespace and projects, and bookmarks.

    Labels are for the server, which may tell when one goes away. A namespace is not: Argo CD's own
    API streams those of all.
    """
    unlabelled = replace(selection, selector=None)
    for event in events:
        if event.application is None or selected(event.application, unlabelled):
            yield event


def lines(pieces: Iterable[bytes], *, name: str) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends; the last one may have none.

    Raises:
        ArgoCDUnavailableError: One is too long, or the stream ends in the middle of one.
    """
    rest = bytearray()
    for piece in pieces:
        searched = len(rest)
        rest += piece
        while (end := rest.find(b"\n", searched)) >= 0:
            yield bytes(rest[:end]).rstrip(b"\r")
            del rest[: end + 1]
            searched = 0
        if len(rest) > MAX_LINE_BYTES:
            raise _broken(name, f"sent a line longer than {MAX_LINE_BYTES} bytes")
    if rest.strip():
        if not rest.rstrip().endswith(b"}"):
            raise _broken(name, "cut its stream off in the middle of an event")
        yield bytes(rest)


def _event(kind: str, document: JSONObject) -> WatchEvent | None:
    """Return the event; ``None`` if it is of a kind that nobody here knows."""
    if kind not in _ABOUT_APPLICATIONS or not as_object(document.get("metadata")).get("name"):
        return None
    return WatchEvent(WatchKind(kind), hint(document), _version(document))


_ABOUT_APPLICATIONS = frozenset({WatchKind.ADDED, WatchKind.MODIFIED, WatchKind.DELETED})


def _version(document: JSONObject) -> str:
    return as_text(as_object(document.get("metadata")).get("resourceVersion"))


def _object(text: bytes, *, name: str) -> JSONObject:
    try:
        found: JSONValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(name, "sent something in its stream that is not JSON") from error
    return as_object(found)


def _broken(name: str, what: str) -> ArgoCDUnavailableError:
    return ArgoCDUnavailableError(f"{name} {what}.", retryable=True, code="argocd_stream_broken")
