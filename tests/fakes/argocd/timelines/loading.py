"""What a timeline file says: Applications, what happens to them and when, and what to expect.

A file is an object with ``id`` and ``expect``, and any of:

``title``, ``transports``
    What it shows, and by which transports (default: both).
``app`` or ``apps``
    ``name`` (default: ``guestbook``), ``namespace``, ``project``, ``source`` or ``sources``,
    ``authorizedStage``, ``labels``, ``annotations``, ``spec`` (merged), ``start`` (merged into the
    Application before anything begins) and ``frames``, ``onSync``, ``onRefresh``, ``onTerminate``.
    With ``app``, the last five may also stand beside it.
``frames``
    ``{at, patch}``, ``{at, delete: true}`` or ``{at, create: true, patch}``, which makes it anew
    from what it was at the start, in seconds from the start. ``needs: "hard"`` keeps a
    frame back until such a refresh is asked for.
``onSync``
    Frames in seconds from an accepted operation: a list of frames, or one such list for each
    operation, of which the last is used again.
``onRefresh``, ``onTerminate``, ``onPatch``
    Frames in seconds from such a request; the first is an object by kind of refresh.
``http``
    Overrides: ``{at, until, times, method, path, transport, status, body, html, headers, delay,
    reset, cut, effective}``.
``step``
    ``uses``, ``config``; or ``desired`` (a revision or one for each source),
    ``updateTargetRevision``, ``selector``; ``actor``; ``timeoutSeconds``; ``pace``: ``second``
    (default) or ``asked``.
``streams``
    ``{at, drop: 2}`` loses the next events of all streams; ``{at, end: "error"}`` breaks them off
    with the transport's worst word, and ``"clean"`` without.
``jumps``
    ``{at, seconds, of: "server"}``: a clock is put forward, or back; ``worker``: ours.
``windows``, ``skewSeconds``, ``crash``, ``runs``
    Sync windows of the project, how far the server's clock is ahead, what becomes of the worker
    (``after-write``, ``superseded``), and how many seconds all takes.

In patches a number under a time's key is in seconds from the frames' origin, and ``$request``,
``$ours``, ``$other``, ``$foreign`` and ``$automated`` stand for operations.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.fakes.argocd.store import Document

Spans: TypeAlias = tuple[tuple[float, str], ...]
BOTH = ("rest", "kubernetes")
STAGE = "shop:prod"
PROMOTION = "prod.01k2abc.9f1d2c3"
_SHARED = ("start", "frames", "onSync", "onRefresh", "onTerminate", "onPatch")
_KNOWN = frozenset(
    {"id", "title", "transports", "app", "apps", "http", "step", "windows", "skewSeconds"}
    | {"streams", "jumps", "crash", "expect", "runs", "note", *_SHARED}
)


class TimelineError(ValueError):
    """A file is no timeline."""


@dataclass(frozen=True)
class Frame:
    """Something that happens to an Application.

    Attributes:
        at: Seconds from the origin.
        patch: Merged into it.
        is_deletion: It goes away.
        is_creation: It is made again, after it went away.
        needs: The refresh that must be asked for first; empty for none.
    """

    at: float
    patch: Document
    is_deletion: bool = False
    needs: str = ""
    is_creation: bool = False


@dataclass(frozen=True)
class TimelineApp:
    """One Application and its frames."""

    name: str
    namespace: str
    raw: Document
    start: Document
    frames: tuple[Frame, ...]
    syncs: tuple[tuple[Frame, ...], ...]
    refreshes: dict[str, tuple[Frame, ...]]
    terminations: tuple[Frame, ...]
    patches: tuple[Frame, ...]

    @property
    def all_frames(self) -> Iterable[Frame]:
        groups = (*self.syncs, *self.refreshes.values(), self.frames, self.terminations)
        return (frame for group in groups for frame in group)


@dataclass(frozen=True)
class Expectation:
    """What must have been seen.

    Attributes:
        step: From which second on which status of the step.
        health: The same, of the health that it registered.
        operations: Accepted ones of our promotion, over all Applications; ``None`` for any number.
        attempts: Of those operations, in order.
        message: Somewhere in what the step said last.
        issues: Somewhere in what the health said last.
        hard_refreshes: At least so many.
        first_write_at: Not before.
        most_requests: At most so many.
        untouched: Applications that were not written to.
        silences: Between which seconds nothing is asked.
        told: Applications, as ``namespace/name``, that a listener must have had news of, besides
            those that it was told of at first.
        plane: In which state a check finds the control plane at the end.
    """

    step: Spans = ()
    health: Spans = ()
    operations: int | None = None
    attempts: tuple[str, ...] = ()
    message: str = ""
    issues: str = ""
    hard_refreshes: int = 0
    first_write_at: float | None = None
    most_requests: int | None = None
    untouched: tuple[str, ...] = ()
    silences: tuple[tuple[float, float], ...] = ()
    told: tuple[str, ...] = ()
    plane: str = ""


@dataclass(frozen=True)
class Timeline:
    """One file."""

    id: str
    title: str
    transports: tuple[str, ...]
    apps: tuple[TimelineApp, ...]
    http: tuple[Document, ...]
    step: Document
    windows: tuple[Document, ...]
    skew_seconds: float
    streams: tuple[Document, ...]
    jumps: tuple[Document, ...]
    crash: str
    runs: float
    expect: Expectation

    def __str__(self) -> str:
        return self.id

    def worker_ahead(self, second: float) -> float:
        """Return how many seconds the worker's clock is ahead at a second of the timeline."""
        ours = [it for it in self.jumps if it.get("of") == "worker" and it["at"] <= second]
        return float(sum(it["seconds"] for it in ours))

    def desired(self) -> list[str]:
        """Return the revision that is wanted of each source of the first Application."""
        wanted = self.step.get("desired", _last_result(self.apps[0]))
        return [wanted] if isinstance(wanted, str) else list(wanted)


def load(path: Path) -> Timeline:
    """Return what a file says.

    Raises:
        TimelineError: It is malformed.
    """
    return parsed(json.loads(path.read_text()), name=path.name)


def load_all(folder: Path) -> list[Timeline]:
    """Return all timelines in a folder, by name of the file."""
    return [load(path) for path in sorted(folder.glob("T*.json"))]


def parsed(raw: Document, *, name: str) -> Timeline:
    """Return what a document says.

    Raises:
        TimelineError: It is malformed.
    """
    unknown = set(raw) - _KNOWN
    if unknown or "id" not in raw:
        raise TimelineError(f"{name}: unknown keys {sorted(unknown)}" if unknown else f"{name}: id")
    shared = {key: raw[key] for key in _SHARED if key in raw}
    written = raw.get("apps") or [{**raw.get("app", {}), **shared}]
    expect = _expectation(raw.get("expect", {}))
    last = [at for spans in (expect.step, expect.health) for at, _ in spans]
    return Timeline(
        id=raw["id"],
        title=raw.get("title", ""),
        transports=tuple(raw.get("transports", BOTH)),
        apps=tuple(_app(it) for it in written),
        http=tuple(raw.get("http", ())),
        step=raw.get("step", {}),
        windows=tuple(raw.get("windows", ())),
        skew_seconds=raw.get("skewSeconds", 0),
        streams=tuple(raw.get("streams", ())),
        jumps=tuple(raw.get("jumps", ())),
        crash=raw.get("crash", ""),
        runs=raw.get("runs", max(last, default=0) + 5),
        expect=expect,
    )


def _app(raw: Document) -> TimelineApp:
    syncs = raw.get("onSync", [])
    many = syncs if syncs and isinstance(syncs[0], list) else [syncs]
    return TimelineApp(
        name=raw.get("name", "guestbook"),
        namespace=raw.get("namespace", "argocd"),
        raw=raw,
        start=raw.get("start", {}),
        frames=_frames(raw.get("frames", ())),
        syncs=tuple(_frames(it) for it in many),
        refreshes={kind: _frames(it) for kind, it in raw.get("onRefresh", {}).items()},
        terminations=_frames(raw.get("onTerminate", ())),
        patches=_frames(raw.get("onPatch", ())),
    )


def _frames(raw: Iterable[Document]) -> tuple[Frame, ...]:
    return tuple(
        Frame(
            it["at"],
            it.get("patch", {}),
            bool(it.get("delete")),
            it.get("needs", ""),
            bool(it.get("create")),
        )
        for it in raw
    )


def _expectation(raw: dict[str, Any]) -> Expectation:
    return Expectation(
        step=_spans(raw.get("step", ())),
        health=_spans(raw.get("health", ())),
        operations=raw.get("operations"),
        attempts=tuple(raw.get("attempts", ())),
        message=raw.get("message", ""),
        issues=raw.get("issues", ""),
        hard_refreshes=raw.get("hardRefreshes", 0),
        first_write_at=raw.get("firstWriteAt"),
        most_requests=raw.get("mostRequests"),
        untouched=tuple(raw.get("untouched", ())),
        told=tuple(raw.get("told", ())),
        plane=raw.get("plane", ""),
        silences=tuple((begins, ends) for begins, ends in raw.get("silences", ())),
    )


def _spans(raw: Iterable[tuple[float, str]]) -> Spans:
    return tuple((at, state) for at, state in raw)


def _last_result(app: TimelineApp) -> str | list[str]:
    found: str | list[str] = ""
    for frame in app.all_frames:
        state = (frame.patch.get("status") or {}).get("operationState") or {}
        result = state.get("syncResult") or {}
        found = result.get("revisions") or result.get("revision") or found
    return found
