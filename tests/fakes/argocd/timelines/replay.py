"""Replays a timeline against something that promotes, and says what was not as it should be."""

import datetime as dt
import functools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from tests.fakes.argocd import argocd, project
from tests.fakes.argocd.kubernetes.watch import expired
from tests.fakes.argocd.rest.stream import error_chunk
from tests.fakes.argocd.site import Settings, Site
from tests.fakes.argocd.store import APPLICATIONS, Change, Document
from tests.fakes.argocd.timelines.findings import Look, broken_invariants, unexpected
from tests.fakes.argocd.timelines.loading import STAGE, Timeline
from tests.fakes.argocd.timelines.script import AppScript, fault_of

FINAL = frozenset({"Succeeded", "Errored", "Failed"})


class Driver(Protocol):
    """Something that promotes by this Argo CD."""

    def step(self) -> Look:
        """Run the step once more."""
        ...

    def health(self) -> Look:
        """Assess the health that the step registered."""
        ...

    def plane(self) -> str:
        """Return the state in which a check finds the control plane."""
        ...


Start: TypeAlias = Callable[[Site, Timeline, str], Driver]


@dataclass
class Replay:
    """What was seen: at which second which status."""

    site: Site
    timeline: Timeline
    transport: str
    step: list[tuple[float, Look]] = field(default_factory=list)
    health: list[tuple[float, Look]] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def second(self) -> float:
        return self.site.clock.seconds()


def replay(timeline: Timeline, start: Start, *, transport: str) -> list[str]:
    """Return, in words, what was not as the timeline expects; empty if all was.

    The driver looks every second of the virtual clock, or as often as it asks to, until the step
    is done; then at the health until the timeline ends.
    """
    with staged(timeline, transport) as site, _captured() as logged:
        seen = Replay(site, timeline, transport, logged=logged)
        driver = start(site, timeline, transport)
        _run_step(seen, driver)
        if seen.step[-1][1].status == "Succeeded":
            _watch_health(seen, driver)
        plane = driver.plane() if timeline.expect.plane else ""
        return [
            *seen.broken,
            *broken_invariants(site, logged),
            *unexpected(timeline, site, seen.step, seen.health, plane=plane),
        ]


@contextmanager
def staged(timeline: Timeline, transport: str) -> Iterator[Site]:
    """Run the fake with a timeline's Applications, their scripts and all that goes wrong."""
    home = project(syncWindows=[*timeline.windows]) if timeline.windows else project()
    namespaces = tuple(sorted({app.namespace for app in timeline.apps} - {"argocd"}))
    settings = Settings(namespaces=namespaces, passing_seconds=2)
    with argocd(projects=[home], settings=settings) as site:
        site.clock.skew = dt.timedelta(seconds=timeline.skew_seconds)
        scripts: dict[tuple[str, str], AppScript] = {}
        for app in timeline.apps:
            script = scripts[app.namespace, app.name] = AppScript(site, app)
            script.add()
        site.store.listeners.append(functools.partial(_tell_edit, scripts))
        for fault in (fault_of(raw, site, transport) for raw in timeline.http):
            if fault is not None:
                site.fail(fault)
        for jump in timeline.jumps:
            if jump.get("of", "server") == "server":
                site.clock.call_in(jump["at"], functools.partial(_jump, site, jump["seconds"]))
        for raw in timeline.streams:
            site.clock.call_in(raw["at"], functools.partial(_disturb, site, transport, raw))
        for script in scripts.values():
            script.begin()
        yield site


def _jump(site: Site, seconds: float) -> None:
    site.clock.skew += dt.timedelta(seconds=seconds)


def _disturb(site: Site, transport: str, raw: Document) -> None:
    site.streams.dropped += raw.get("drop", 0)
    if "end" in raw:
        errors = {"rest": error_chunk("the watch was closed"), "kubernetes": expired()}
        site.streams.close_all(errors[transport] if raw["end"] == "error" else b"")


def _tell_edit(scripts: Mapping[tuple[str, str], AppScript], change: Change) -> None:
    script = scripts.get((change.key.namespace, change.key.name))
    is_edit = change.before is not None and change.before.get("spec") != change.document.get("spec")
    if script is not None and is_edit:
        script.spec_written()


def _run_step(seen: Replay, driver: Driver) -> None:
    limit = float(seen.timeline.step.get("timeoutSeconds", 300))
    is_asked = seen.timeline.step.get("pace") == "asked"
    while seen.second < min(limit, seen.timeline.runs):
        at = seen.second
        found = driver.step()
        seen.step.append((at, found))
        _check_step(seen, found)
        if found.status in FINAL:
            return
        seen.site.clock.advance(max(1, found.wait_seconds) if is_asked else 1)
    if limit <= seen.timeline.runs:
        seen.step.append((limit, Look("Errored", (f"timed out after {limit:g} s",))))


def _watch_health(seen: Replay, driver: Driver) -> None:
    while seen.second <= seen.timeline.runs:
        at = seen.second
        found = driver.health()
        _check_health(seen, found)
        seen.health.append((at, found))
        seen.site.clock.advance(1)


def _check_step(seen: Replay, found: Look) -> None:
    if found.status != "Succeeded":
        return
    for app in _targeted(seen):
        state = (app.get("status") or {}).get("operationState") or {}
        if state.get("phase") != "Succeeded":
            name = app["metadata"]["name"]
            seen.broken.append(f"the step succeeded while {name} is {state.get('phase')}")


def _check_health(seen: Replay, found: Look) -> None:
    if found.status != "Healthy":
        return
    for app in _targeted(seen):
        status = app.get("status") or {}
        finished = (status.get("operationState") or {}).get("finishedAt") or ""
        if (status.get("reconciledAt") or "") < finished:
            seen.broken.append(f"{app['metadata']['name']} is stale, and still found healthy")


def _targeted(seen: Replay) -> list[Document]:
    """Return the Applications that were synced, or all that the Stage may touch if none was."""
    synced = {(it.namespace, it.name) for it in seen.site.record.operations}
    apps = seen.site.store.all(APPLICATIONS)
    chosen = [it for it in apps if (it["metadata"]["namespace"], it["metadata"]["name"]) in synced]
    mine = [it for it in apps if STAGE in it["metadata"].get("annotations", {}).values()]
    return chosen or mine


@contextmanager
def _captured() -> Iterator[list[str]]:
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.getMessage()} {record.__dict__}")

    root, keeper = logging.getLogger(), Keeper()
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(keeper)
        root.setLevel(before)
