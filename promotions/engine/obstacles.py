"""Why Freight may not go to a Stage now, told as reasons, from facts that are given.

The rules themselves are those that decide: availability, the gate, auto-promotion.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from promotions.engine.autopromotion import Skip, StageFacts, skips
from promotions.engine.availability import (
    Availability,
    Barrier,
    FreightStanding,
    RequestedFreight,
    candidacy,
    obstacles,
)
from promotions.engine.eligibility import Code, Reason, length_in_words, reason
from promotions.engine.health import HealthState
from promotions.engine.holds import Hold
from promotions.engine.verification import Gate, VerificationPhase

_ANY_UPSTREAM = "any upstream Stage"


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """How an upstream Stage stands, as far as it keeps Freight from being verified there.

    Attributes:
        holds: Names of the Freight that it holds now.
        promoting: Freight that is on its way there -> name of the promotion, running or waiting.
        verification: The newest verification of what it holds.
        health: ``None`` until it has been assessed.
        is_missing: There is no such Stage.
    """

    is_control_flow: bool = False
    holds: frozenset[str] = frozenset()
    promoting: Mapping[str, str] | None = None
    verification: VerificationPhase | None = None
    health: HealthState | None = None
    is_missing: bool = False


_NOT_LOOKED_AT = UpstreamFacts()


@dataclass(frozen=True, slots=True)
class Automation:
    """What decides whether a Stage promotes by itself, and what.

    Attributes:
        holds: Those in effect, by origin.
        newest: The candidate for the origin that is asked about; empty if there is none, ``None``
            if nobody looked.
    """

    facts: StageFacts
    holds: Mapping[str, Hold]
    newest: str | None = None


def availability_reasons(
    freight: FreightStanding,
    *,
    stage: str,
    requests: Iterable[RequestedFreight],
    upstream: Mapping[str, UpstreamFacts],
    now: datetime,
) -> Iterator[Reason]:
    """Yield why a promotion may not bring the Freight to the Stage; nothing if it may."""
    for answer in obstacles(freight, stage=stage, requests=requests, now=now):
        yield _barrier_reason(answer, freight, stage=stage, upstream=upstream, now=now)
        if answer.barrier is Barrier.NOT_VERIFIED:
            for name in answer.stages:
                facts = upstream.get(name, _NOT_LOOKED_AT)
                if facts.is_missing:
                    yield reason(Code.UPSTREAM_MISSING, upstream=name, stage=stage)
                else:
                    yield from _unverified_because(freight.name, name, facts)


def gate_reasons(gate: Gate, *, stage: str, current: str) -> Iterator[Reason]:
    """Yield why a Stage lets no promotion start now.

    Args:
        gate: What verification of what the Stage holds says.
        stage: Its name.
        current: The promotion or request that is under way, in words; empty if there is none.
    """
    if current:
        yield reason(Code.PROMOTION_RUNNING, promotion=current)
        return
    if gate is Gate.VERIFYING:
        yield reason(Code.VERIFICATION_RUNNING, stage=stage)
    if gate is Gate.VERIFICATION_DUE:
        yield reason(Code.VERIFICATION_DUE, stage=stage)


def automation_reasons(
    freight: FreightStanding,
    *,
    stage: str,
    requests: Iterable[RequestedFreight],
    upstream: Mapping[str, UpstreamFacts],
    automation: Automation,
    now: datetime,
) -> Iterator[Reason]:
    """Yield why the platform does not promote the Freight by itself, which a person may.

    Args:
        freight: What is asked about; it is available to the Stage.
        stage: Name of the Stage.
        requests: What the Stage asks for.
        upstream: How the Stages upstream stand, by name.
        automation: What decides about auto-promotion there.
        now: When.
    """
    facts, newest = automation.facts, automation.newest
    found = skips(str(freight.origin), freight.name, facts)
    yield from _as_it_stands(found, freight.name, stage=stage, facts=facts)
    if Skip.DISABLED in found:
        return
    if Skip.HELD in found:
        yield _held(automation.holds[str(freight.origin)])
    following = [it for it in requests if it.origin == freight.origin]
    answer = candidacy(freight, stage=stage, requests=following, now=now)
    if answer.barrier is Barrier.LEFT_UPSTREAM:
        keeps_none = _keep_no_freight(answer.stages, upstream)
        code = Code.NEVER_IN_UPSTREAM if keeps_none else Code.LEFT_UPSTREAM
        yield reason(code, stage=stage, upstream=", ".join(answer.stages))
    else:
        yield from _other_choice(freight.name, stage=stage, following=following, newest=newest)


def _as_it_stands(
    found: Collection[Skip], freight: str, *, stage: str, facts: StageFacts
) -> Iterator[Reason]:
    if Skip.DISABLED in found:
        yield reason(Code.AUTO_PROMOTION_OFF, stage=stage)
    if Skip.ALREADY_CURRENT in found:
        yield reason(Code.ALREADY_THERE, stage=stage)
    if Skip.REQUEST_EXISTS in found:
        yield reason(Code.REQUEST_EXISTS)
    if Skip.LAST_ATTEMPT_FAILED in found:
        ended = [it for it in facts.promotions if it.freight == freight and it.phase.is_terminal]
        last = max(ended, key=lambda it: it.name)
        yield reason(
            Code.LAST_ATTEMPT_FAILED, stage=stage, promotion=last.name, phase=last.phase.value
        )


def _held(hold: Hold) -> Reason:
    actor = hold.actor or "somebody"
    return reason(Code.HELD, actor=actor, held=hold.freight, origin=hold.origin)


def _other_choice(
    freight: str, *, stage: str, following: Iterable[RequestedFreight], newest: str | None
) -> Iterator[Reason]:
    """Yield why auto-promotion would take other Freight, or none."""
    if newest == "":
        names = ", ".join(name for it in following for name in it.stages)
        yield reason(Code.SEVERAL_UPSTREAM, stage=stage, upstream=names)
    elif newest is not None and newest != freight:
        yield reason(Code.NOT_NEWEST, stage=stage, newest=newest)


def _barrier_reason(
    answer: Availability,
    freight: FreightStanding,
    *,
    stage: str,
    upstream: Mapping[str, UpstreamFacts],
    now: datetime,
) -> Reason:
    names = ", ".join(answer.stages) or _ANY_UPSTREAM
    if answer.barrier is Barrier.NOT_REQUESTED:
        return reason(Code.NOT_REQUESTED, stage=stage, origin=freight.origin)
    if answer.barrier is Barrier.NOT_VERIFIED:
        return reason(Code.NOT_VERIFIED, stage=stage, upstream=names)
    if answer.available_at is None:
        keeps_none = _keep_no_freight(answer.stages, upstream)
        code = Code.NEVER_SOAKS if keeps_none else Code.SOAK_INTERRUPTED
        return reason(code, stage=stage, upstream=names)
    left = length_in_words(answer.available_at - now)
    return reason(
        Code.SOAKING, stage=stage, upstream=names, left=left, lifts_at=answer.available_at
    )


def _keep_no_freight(stages: Iterable[str], upstream: Mapping[str, UpstreamFacts]) -> bool:
    return all(upstream.get(name, _NOT_LOOKED_AT).is_control_flow for name in stages)


def _unverified_because(freight: str, upstream: str, facts: UpstreamFacts) -> Iterator[Reason]:
    """Yield what verification in one upstream Stage waits for."""
    if facts is _NOT_LOOKED_AT or facts.is_control_flow:
        return
    promotion = (facts.promoting or {}).get(freight)
    if promotion:
        yield reason(Code.UPSTREAM_PROMOTING, upstream=upstream, promotion=promotion)
    elif freight not in facts.holds:
        yield reason(Code.NOT_IN_UPSTREAM, upstream=upstream)
    elif facts.verification is not None and not facts.verification.is_terminal:
        yield reason(Code.UPSTREAM_VERIFYING, upstream=upstream)
    elif facts.verification not in {None, VerificationPhase.SUCCESSFUL}:
        phase = facts.verification
        yield reason(Code.UPSTREAM_VERIFICATION_FAILED, upstream=upstream, phase=phase)
    elif facts.health in {None, HealthState.UNKNOWN}:
        yield reason(Code.UPSTREAM_HEALTH_UNKNOWN, upstream=upstream)
    elif facts.health is not HealthState.HEALTHY:
        yield reason(Code.UPSTREAM_NOT_HEALTHY, upstream=upstream, health=facts.health)
