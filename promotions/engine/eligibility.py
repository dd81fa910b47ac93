"""Why something waits: every reason there is, in one wording each, and who or what lifts it.

A new reason is a :class:`Code` and its row in ``_WORDINGS``; its place among the codes is its
place wherever reasons are shown. Whoever finds that it applies calls :func:`reason` with the
facts that the row's texts name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Bars(StrEnum):
    """What a reason keeps from happening.

    ``PROMOTION``: nobody may promote the Freight; asking for it is refused. ``START``: it may
    be asked for, and then waits. ``AUTOMATION``: a person may promote it, the platform does not.
    """

    PROMOTION = "promotion"
    START = "start"
    AUTOMATION = "automation"


class Code(StrEnum):
    """What keeps Freight from a Stage, for programs; in the order in which people see them."""

    FREIGHT_DELETED = "freight-deleted"
    STAGE_DELETED = "stage-deleted"
    CONTROL_FLOW = "control-flow"
    TEMPLATE_INCOMPLETE = "template-incomplete"
    NOT_REQUESTED = "not-requested"
    NOT_VERIFIED = "not-verified"
    UPSTREAM_MISSING = "upstream-missing"
    NOT_IN_UPSTREAM = "not-in-upstream"
    UPSTREAM_PROMOTING = "upstream-promoting"
    UPSTREAM_VERIFYING = "upstream-verifying"
    UPSTREAM_VERIFICATION_FAILED = "upstream-verification-failed"
    UPSTREAM_NOT_HEALTHY = "upstream-not-healthy"
    UPSTREAM_HEALTH_UNKNOWN = "upstream-health-unknown"
    SOAKING = "soaking"
    SOAK_INTERRUPTED = "soak-interrupted"
    NEVER_SOAKS = "never-soaks"
    APPROVALS_MISSING = "approvals-missing"
    WINDOW_CLOSED = "window-closed"
    TENANT_SUSPENDED = "tenant-suspended"
    PROMOTION_RUNNING = "promotion-running"
    QUEUED = "queued"
    VERIFICATION_RUNNING = "verification-running"
    VERIFICATION_DUE = "verification-due"
    QUOTA_REACHED = "quota-reached"
    SHARD_DEAD = "shard-dead"
    CONTROL_PLANE_UNREACHABLE = "control-plane-unreachable"
    ALREADY_THERE = "already-there"
    AUTO_PROMOTION_OFF = "auto-promotion-off"
    HELD = "held"
    LEFT_UPSTREAM = "left-upstream"
    NEVER_IN_UPSTREAM = "never-in-upstream"
    SEVERAL_UPSTREAM = "several-upstream"
    NOT_NEWEST = "not-newest"
    REQUEST_EXISTS = "request-exists"
    LAST_ATTEMPT_FAILED = "last-attempt-failed"
    NOT_STARTED = "not-started"
    STEP_WAITS = "step-waits"
    STEP_RETRIES = "step-retries"
    STEP_RUNS = "step-runs"
    TARGETS_RUN = "targets-run"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is in the way.

    Attributes:
        message: What it is, as every door shows it; no full stop.
        lifted_by: Who or what takes it away.
        lifts_at: When, if that is known and nothing changes meanwhile.
    """

    code: Code
    message: str
    bars: Bars
    lifted_by: str
    lifts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Wording:
    message: str
    lifted_by: str
    bars: Bars = Bars.PROMOTION


def reason(
    code: Code, *, lifts_at: datetime | None = None, bars: Bars | None = None, **facts: object
) -> Reason:
    """Return a reason in its words.

    Args:
        code: Which.
        lifts_at: When it goes away by itself, if it does and that is known.
        bars: What it keeps from happening here, if that is not what it does elsewhere.
        facts: What its texts name, such as ``stage``.

    Raises:
        KeyError: A fact that the texts name is not given.
    """
    wording = _WORDINGS[code]
    return Reason(
        code=code,
        message=wording.message.format_map(facts),
        bars=bars or wording.bars,
        lifted_by=wording.lifted_by.format_map(facts),
        lifts_at=lifts_at,
    )


def ordered(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return the reasons as they are shown, each once: in order of code, then of message."""
    return tuple(sorted(set(reasons), key=lambda it: (_RANKS[it.code], it.message, it.lifted_by)))


def refusing(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return those for which a person who asks for the promotion is refused."""
    return tuple(it for it in reasons if it.bars is Bars.PROMOTION)


def in_words(reasons: Iterable[Reason]) -> str:
    """Return the reasons as one line, for errors and logs."""
    return "; ".join(it.message for it in reasons)


def length_in_words(length: timedelta) -> str:
    """Return a time that is left: ``42 min``, ``3 h 05 min``, ``2 d 4 h``; never less than it is.

    Whole minutes are exact enough to wait for; below one minute it is seconds.
    """
    seconds = max(0, -(-length // timedelta(seconds=1)))
    if seconds < _MINUTE:
        return f"{seconds} s"
    minutes = -(-seconds // _MINUTE)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    return f"{minutes} min"


_MINUTE = 60
_RANKS = {code: rank for rank, code in enumerate(Code)}
_OPERATOR = "an operator of the platform"
_PROMOTER = "somebody who promotes it by hand"

_WORDINGS: Mapping[Code, _Wording] = {
    Code.FREIGHT_DELETED: _Wording(
        "the Freight no longer exists", "nothing; promote other Freight"
    ),
    Code.STAGE_DELETED: _Wording("the Stage is being deleted", "nothing; choose another Stage"),
    Code.CONTROL_FLOW: _Wording(
        'Stage "{stage}" defines no promotion steps; Freight passes through it without a promotion',
        "availability: it passes as soon as it is verified upstream",
    ),
    Code.TEMPLATE_INCOMPLETE: _Wording(
        "task {problem}", 'whoever may edit that task, or the promotionTemplate of Stage "{stage}"'
    ),
    Code.NOT_REQUESTED: _Wording(
        "the Stage does not request Freight of this origin",
        'whoever may edit Stage "{stage}", by adding {origin} to spec.requestedFreight',
    ),
    Code.NOT_VERIFIED: _Wording(
        "not yet verified in {upstream}",
        'verification in {upstream}, or somebody who approves the Freight for "{stage}"',
    ),
    Code.UPSTREAM_MISSING: _Wording(
        'there is no Stage "{upstream}"',
        'whoever may create Stage "{upstream}", or edit spec.requestedFreight of "{stage}"',
    ),
    Code.NOT_IN_UPSTREAM: _Wording(
        "has not been promoted to {upstream}", 'a promotion to "{upstream}"'
    ),
    Code.UPSTREAM_PROMOTING: _Wording(
        'on its way to {upstream} with promotion "{promotion}"',
        'the end of promotion "{promotion}"',
    ),
    Code.UPSTREAM_VERIFYING: _Wording(
        "verification runs in {upstream}", "the end of the verification in {upstream}"
    ),
    Code.UPSTREAM_VERIFICATION_FAILED: _Wording(
        "verification in {upstream} ended as {phase}",
        'whoever may promote to "{upstream}", by verifying again',
    ),
    Code.UPSTREAM_NOT_HEALTHY: _Wording(
        "{upstream} is {health}, and is verified only when it is Healthy",
        "what makes {upstream} healthy again",
    ),
    Code.UPSTREAM_HEALTH_UNKNOWN: _Wording(
        "the health of {upstream} is not known yet, and it is verified only when it is Healthy",
        "the next health check of {upstream}",
    ),
    Code.SOAKING: _Wording(
        "{left} of soak left in {upstream}",
        'time, or somebody who approves the Freight for "{stage}"',
    ),
    Code.SOAK_INTERRUPTED: _Wording(
        "has not been in {upstream} for long enough, and is not there now",
        'a promotion back to "{upstream}", or somebody who approves the Freight for "{stage}"',
    ),
    Code.NEVER_SOAKS: _Wording(
        "never soaks in {upstream}, which has no promotion steps and keeps no Freight",
        'somebody who approves the Freight for "{stage}", or whoever may edit its requiredSoakTime',
    ),
    Code.APPROVALS_MISSING: _Wording("{given} of {needed} approvals", "{approvers}"),
    Code.WINDOW_CLOSED: _Wording("promotions are closed: {closed}", "{lifted_by}"),
    Code.TENANT_SUSPENDED: _Wording(
        'the tenant "{tenant}" is suspended', f"{_OPERATOR}, by resuming it", Bars.START
    ),
    Code.PROMOTION_RUNNING: _Wording(
        "{promotion} is under way", "the end of it, or whoever may abort it", Bars.START
    ),
    Code.QUEUED: _Wording(
        "behind {ahead} in the queue of {stage}",
        "the end of those promotions, or whoever may abort them",
        Bars.START,
    ),
    Code.VERIFICATION_RUNNING: _Wording(
        "what {stage} holds is being verified",
        "the end of that verification, or whoever may abort it",
        Bars.START,
    ),
    Code.VERIFICATION_DUE: _Wording(
        "what {stage} holds is about to be verified", "the end of that verification", Bars.START
    ),
    Code.QUOTA_REACHED: _Wording(
        "{running} of the tenant's quota of {limit} concurrent promotions are running",
        f"the end of one of them, or {_OPERATOR}, by raising the quota",
        Bars.START,
    ),
    Code.SHARD_DEAD: _Wording(
        "{problem}", f"{_OPERATOR}, by starting a worker of that shard", Bars.START
    ),
    Code.CONTROL_PLANE_UNREACHABLE: _Wording(
        'control plane "{control_plane}" {problem}', "{lifted_by}", Bars.START
    ),
    Code.ALREADY_THERE: _Wording("{stage} holds it already", f"{_PROMOTER} again", Bars.AUTOMATION),
    Code.AUTO_PROMOTION_OFF: _Wording(
        "no policy enables auto-promotion for {stage}",
        f"{_PROMOTER}, or whoever may edit the ProjectConfig's promotionPolicies",
        Bars.AUTOMATION,
    ),
    Code.HELD: _Wording(
        "{actor} promoted other Freight ({held}), which holds auto-promotion from {origin}",
        "somebody who promotes the newest Freight by hand",
        Bars.AUTOMATION,
    ),
    Code.LEFT_UPSTREAM: _Wording(
        "not in {upstream} now, which {stage} follows",
        f"a promotion back to {{upstream}}, or {_PROMOTER}",
        Bars.AUTOMATION,
    ),
    Code.NEVER_IN_UPSTREAM: _Wording(
        "{stage} follows {upstream}, which has no promotion steps and keeps no Freight",
        f'{_PROMOTER}, or whoever may edit the selectionPolicy of Stage "{{stage}}"',
        Bars.AUTOMATION,
    ),
    Code.SEVERAL_UPSTREAM: _Wording(
        "{stage} follows {upstream}, and more than one piece of Freight is there",
        f"a promotion that leaves one of them, or {_PROMOTER}",
        Bars.AUTOMATION,
    ),
    Code.NOT_NEWEST: _Wording(
        'there is newer Freight that {stage} may take: "{newest}"', _PROMOTER, Bars.AUTOMATION
    ),
    Code.REQUEST_EXISTS: _Wording(
        "there is a promotion request for it, and automation makes no second one",
        f"{_PROMOTER}, or retries that request",
        Bars.AUTOMATION,
    ),
    Code.LAST_ATTEMPT_FAILED: _Wording(
        'its last promotion to {stage}, "{promotion}", ended as {phase}',
        _PROMOTER,
        Bars.AUTOMATION,
    ),
    Code.NOT_STARTED: _Wording("about to start", "a worker of shard {shard}", Bars.START),
    Code.STEP_WAITS: _Wording("step {step} waits: {problem}", "{waits_for}", Bars.START),
    Code.STEP_RETRIES: _Wording(
        "step {step} is tried again after {failures} failed: {problem}",
        "the next attempt, or whoever may abort the promotion",
        Bars.START,
    ),
    Code.STEP_RUNS: _Wording("step {step} runs", "its end", Bars.START),
    Code.TARGETS_RUN: _Wording(
        "{progress}",
        "the end of its promotions, and of the pause between waves if there is one; "
        "or whoever may abort the request",
        Bars.START,
    ),
}
