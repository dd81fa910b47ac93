"""What was not as it should be: what a timeline expects, and what must be true of every one."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.fakes.argocd.clock import EPOCH
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.timelines.loading import PROMOTION, STAGE, Spans, Timeline

RATE_PER_SECOND, BURST = 10.0, 20


@dataclass(frozen=True)
class Look:
    """What a look came to.

    Attributes:
        status: In the words of the timelines.
        messages: For a person.
        wait_seconds: Until the next look, if nothing happens before; 0 for as soon as possible.
    """

    status: str
    messages: tuple[str, ...] = ()
    wait_seconds: float = 0


Looks: TypeAlias = Sequence[tuple[float, Look]]


def broken_invariants(site: Site, logged: Iterable[str]) -> list[str]:
    """Return what must never happen, and did."""
    return [
        *site.record.violations,
        *_repeated_operations(site),
        *_trespasses(site),
        *_overrun_bucket(site),
        *_told_secrets(site, logged),
    ]


def unexpected(
    timeline: Timeline, site: Site, step: Looks, health: Looks, *, plane: str = ""
) -> list[str]:
    """Return in what the looks, and what was done, differ from what is expected."""
    expect = timeline.expect
    ours = [it for it in site.record.operations if it.promotion == PROMOTION]
    attempts = tuple(it.attempt for it in ours)
    problems = [
        *_differing("step", step, expect.step),
        *_differing("health", health, expect.health),
    ]
    if plane != expect.plane:
        problems.append(f"the control plane is {plane}, not {expect.plane}")
    if expect.operations is not None and len(ours) != expect.operations:
        problems.append(f"{len(ours)} operations were accepted, not {expect.operations}")
    if expect.attempts and attempts != expect.attempts:
        problems.append(f"the attempts were {attempts}, not {expect.attempts}")
    problems += _untold("step", step, expect.message)
    problems += _untold("health", health, expect.issues)
    refreshes = len(site.record.refreshes("hard"))
    if refreshes < expect.hard_refreshes:
        problems.append(f"only {refreshes} hard refreshes were asked for")
    return [*problems, *_wrong_writes(timeline, site)]


def _wrong_writes(timeline: Timeline, site: Site) -> Iterable[str]:
    expect, writes = timeline.expect, site.record.writes
    effects = [it for it in writes if it.kind in {"spec", "operation"}]
    first = (effects[0].at - EPOCH).total_seconds() if effects else None
    if expect.first_write_at is not None and first is not None and first < expect.first_write_at:
        yield f"something was written at {first:g} s, before {expect.first_write_at:g} s"
    for name in sorted({it.name for it in writes} & set(expect.untouched)):
        yield f"{name} was written to"
    count = len(site.record.requests)
    if expect.most_requests is not None and count > expect.most_requests:
        yield f"{count} requests were made, more than {expect.most_requests}"
    seconds = [(it.at - EPOCH).total_seconds() for it in site.record.requests]
    for begins, ends in expect.silences:
        if any(begins < second < ends for second in seconds):
            yield f"there were requests between {begins:g} s and {ends:g} s"


def _differing(what: str, looks: Looks, spans: Spans) -> Iterable[str]:
    if not spans:
        return
    for at, look in looks:
        wanted = [state for begins, state in spans if begins <= at]
        if wanted and wanted[-1] != look.status:
            said = "; ".join(look.messages)
            yield f"the {what} is {look.status} at {at:g} s, not {wanted[-1]} ({said})"
            return
    begun, last = spans[-1]
    if not looks or looks[-1][0] < begun:
        yield f"the {what} never came to be {last}"


def _untold(what: str, looks: Looks, words: str) -> Iterable[str]:
    said = "; ".join(looks[-1][1].messages) if looks else ""
    if words and words not in said:
        yield f'the {what} does not say "{words}" but "{said}"'


def _repeated_operations(site: Site) -> Iterable[str]:
    ours = [it for it in site.record.operations if it.promotion]
    counts = Counter((it.promotion, it.uid, it.name, it.attempt) for it in ours)
    for (_, _, name, attempt), count in counts.items():
        if count > 1:
            yield f"{count} operations of {name} are attempt {attempt or 'without a number'}"


def _trespasses(site: Site) -> Iterable[str]:
    for it in site.record.writes:
        if STAGE not in [entry.strip() for entry in it.authorized_stage.split(",")]:
            yield f"{it.kind} of {it.name} was written, which does not authorize {STAGE}"


def _overrun_bucket(site: Site) -> Iterable[str]:
    tokens, last = float(BURST), EPOCH
    for it in site.record.requests:
        gained = (it.at - last) / dt.timedelta(seconds=1) * RATE_PER_SECOND
        tokens, last = min(float(BURST), tokens + gained) - 1, it.at
        if tokens < 0:
            yield "requests came faster than the token bucket lets them"
            return


def _told_secrets(site: Site, logged: Iterable[str]) -> Iterable[str]:
    for line in logged:
        if site.token in line or site.kubernetes_token in line:
            yield f"a log line tells a token: {line[:60]}"
            return
