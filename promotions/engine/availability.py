"""Which Freight a Stage may be given, and why another may not.

Source: Kargo ``api/v1alpha1`` Stage.IsFreightAvailable and ``pkg/api`` ListFreightAvailableToStage,
the latter hardened unless :attr:`SoakingStages.ANY` is asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.errors import InvalidError
from promotions.engine.freight import FreightOrigin


class Strategy(StrEnum):
    """In how many of the listed stages Freight must be verified; the default is ``OneOf``."""

    ALL = "All"
    ONE_OF = "OneOf"


class SelectionPolicy(StrEnum):
    """Which of several pieces of Freight auto-promotion takes; the default is the newest."""

    NEWEST_FREIGHT = "NewestFreight"
    MATCH_UPSTREAM = "MatchUpstream"


class SoakingStages(StrEnum):
    """Where soaking counts when auto-promotion chooses Freight.

    Kargo itself looks at all stages there, listed or not: one that is not listed satisfies
    ``OneOf``, and bars Freight from ``All``, which wants exactly the listed ones. When a person
    promotes, it looks at the listed ones alone. That is the default here in both places.
    """

    LISTED = "listed"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class RequestedFreight:
    """One origin that a Stage asks Freight from, and the way it must have come.

    Attributes:
        direct: Straight from the Warehouse.
        stages: Otherwise, upstream stages in which it must be verified.
        required_soak: How long it must have been in them; ``None`` is no requirement.
    """

    origin: FreightOrigin
    direct: bool = False
    stages: tuple[str, ...] = ()
    required_soak: timedelta | None = None
    strategy: Strategy = Strategy.ONE_OF
    selection_policy: SelectionPolicy = SelectionPolicy.NEWEST_FREIGHT


@dataclass(frozen=True, slots=True)
class FreightStanding:
    """A piece of Freight and where it has been.

    Attributes:
        discovered_at: When it was discovered, or failing that created.
        approved_for: Stages that it was approved for by hand.
        verified_in: Stage -> longest finished soak there, ``None`` if none has finished.
        currently_in: Stage -> since when, ``None`` if unknown.
    """

    name: str
    origin: FreightOrigin
    discovered_at: datetime
    approved_for: frozenset[str] = frozenset()
    verified_in: Mapping[str, timedelta | None] = field(default_factory=dict)
    currently_in: Mapping[str, datetime | None] = field(default_factory=dict)


class Barrier(StrEnum):
    """What keeps a piece of Freight from a Stage."""

    NOT_REQUESTED = "not-requested"
    NOT_VERIFIED = "not-verified"
    SOAKING = "soaking"
    LEFT_UPSTREAM = "left-upstream"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a Stage may be given a piece of Freight.

    Attributes:
        barrier: ``None`` if it may.
        stages: The upstream stages that the barrier is about.
        available_at: When soaking will be over, if nothing changes; else ``None``.
    """

    barrier: Barrier | None = None
    stages: tuple[str, ...] = ()
    available_at: datetime | None = None

    @property
    def is_available(self) -> bool:
        """Whether nothing stands in the way."""
        return self.barrier is None


AVAILABLE = Availability()


def parse_strategy(text: str) -> Strategy:
    """Read an availability strategy as a manifest has it; empty is the default.

    Raises:
        InvalidError: It is none that we know.
    """
    try:
        return Strategy(text or Strategy.ONE_OF)
    except ValueError as error:
        raise InvalidError(
            f'"{text}" is not an availability strategy; use All or OneOf.'
        ) from error


def availability(
    freight: FreightStanding, *, stage: str, requests: Iterable[RequestedFreight], now: datetime
) -> Availability:
    """Return whether a promotion may bring the Freight to the Stage, and if not, why.

    Several requests for the Freight's origin are alternatives. Approval helps only with one.
    """
    answers = [
        _by_request(freight, stage, request, now)
        for request in requests
        if request.origin == freight.origin
    ]
    return _best(answers)


def obstacles(
    freight: FreightStanding, *, stage: str, requests: Iterable[RequestedFreight], now: datetime
) -> tuple[Availability, ...]:
    """Return everything that keeps a promotion from bringing the Freight to the Stage.

    Nothing exactly when :func:`availability` says that it may. Where all upstream stages have to
    agree, each of them that soaking is not over in stands for itself, for they end at different
    times; of several requests for the origin, the most hopeful is the one that is explained.
    """
    wanted = [request for request in requests if request.origin == freight.origin]
    answers = [_by_request(freight, stage, request, now) for request in wanted]
    best = _best(answers)
    if best.is_available:
        return ()
    chosen = next(
        (it for it, answer in zip(wanted, answers, strict=True) if answer.barrier is best.barrier),
        None,
    )
    if chosen is None or chosen.strategy is Strategy.ONE_OF:
        return (best,)
    every = [_upstream(freight, upstream, chosen, now) for upstream in chosen.stages]
    unverified = [it for it in every if it.barrier is Barrier.NOT_VERIFIED]
    soaking = [it for it in every if it.barrier is Barrier.SOAKING]
    return (*((_all(unverified),) if unverified else ()), *soaking)


def candidacy(
    freight: FreightStanding,
    *,
    stage: str,
    requests: Iterable[RequestedFreight],
    now: datetime,
    soaking: SoakingStages = SoakingStages.LISTED,
) -> Availability:
    """Return whether auto-promotion may choose the Freight for the Stage, and if not, why.

    As :func:`availability`, but a ``MatchUpstream`` request passes only what its upstream Stage
    holds now, approved or not.
    """
    judge = _JUDGES[soaking]
    answers = [
        _by_upstream(freight, request, judge(freight, stage, request, now))
        for request in requests
        if request.origin == freight.origin
    ]
    return _best(answers)


def list_available(
    freights: Iterable[FreightStanding],
    *,
    stage: str,
    requests: Iterable[RequestedFreight],
    now: datetime,
    soaking: SoakingStages = SoakingStages.LISTED,
) -> tuple[FreightStanding, ...]:
    """Return the Freight that auto-promotion may choose from, by name, each once."""
    wanted = tuple(requests)
    listed = {
        freight.name: freight
        for freight in freights
        if candidacy(freight, stage=stage, requests=wanted, now=now, soaking=soaking).is_available
    }
    return tuple(listed[name] for name in sorted(listed))


def soak(freight: FreightStanding, *, stage: str, now: datetime) -> timedelta | None:
    """Return the longest time that verified Freight has been in a Stage, or ``None``.

    ``None`` says that it is not verified there. It is never negative, nor less than a stay that
    has ended, although a clock that was set back says that the Freight is there in the future.
    """
    if stage not in freight.verified_in:
        return None
    longest = max(freight.verified_in[stage] or timedelta(0), timedelta(0))
    since = freight.currently_in.get(stage)
    return longest if since is None else max(longest, now - since)


def _by_upstream(
    freight: FreightStanding, request: RequestedFreight, answer: Availability
) -> Availability:
    follows = request.selection_policy is SelectionPolicy.MATCH_UPSTREAM and not request.direct
    if not answer.is_available or not follows or freight.currently_in.keys() & request.stages:
        return answer
    return Availability(Barrier.LEFT_UPSTREAM, request.stages)


def _by_soaking_anywhere(
    freight: FreightStanding, stage: str, request: RequestedFreight, now: datetime
) -> Availability:
    answer = _by_request(freight, stage, replace(request, required_soak=None), now)
    is_exempt = request.direct or stage in freight.approved_for or not request.stages
    if request.required_soak is None or is_exempt or not answer.is_available:
        return answer
    soaks = {it: soak(freight, stage=it, now=now) for it in freight.verified_in}
    soaked = {
        it for it, time in soaks.items() if time is not None and time >= request.required_soak
    }
    is_all = request.strategy is Strategy.ALL
    has_soaked = soaked == set(request.stages) if is_all else bool(soaked)
    return AVAILABLE if has_soaked else Availability(Barrier.SOAKING, request.stages)


def _by_request(
    freight: FreightStanding, stage: str, request: RequestedFreight, now: datetime
) -> Availability:
    if request.direct or stage in freight.approved_for:
        return AVAILABLE
    answers = [_upstream(freight, upstream, request, now) for upstream in request.stages]
    if request.strategy is Strategy.ONE_OF:
        return _best(answers, otherwise=Availability(Barrier.NOT_VERIFIED))
    return _all(answers)


def _upstream(
    freight: FreightStanding, stage: str, request: RequestedFreight, now: datetime
) -> Availability:
    soaked = soak(freight, stage=stage, now=now)
    if soaked is None:
        return Availability(Barrier.NOT_VERIFIED, (stage,))
    if request.required_soak is None or soaked >= request.required_soak:
        return AVAILABLE
    since = freight.currently_in.get(stage)
    available_at = None if since is None else since + request.required_soak
    return Availability(Barrier.SOAKING, (stage,), available_at)


def _best(
    answers: list[Availability],
    *,
    otherwise: Availability = Availability(Barrier.NOT_REQUESTED),
) -> Availability:
    """Return the most hopeful of alternatives, naming the stages of all that are like it."""
    for barrier in (None, Barrier.LEFT_UPSTREAM, Barrier.SOAKING, Barrier.NOT_VERIFIED):
        alike = [answer for answer in answers if answer.barrier is barrier]
        if alike:
            times = [answer.available_at for answer in alike if answer.available_at is not None]
            return Availability(barrier, _stages(alike), min(times, default=None))
    return otherwise


def _all(answers: list[Availability]) -> Availability:
    """Return what stands in the way when every answer has to be yes."""
    for barrier in (Barrier.NOT_VERIFIED, Barrier.SOAKING):
        alike = [answer for answer in answers if answer.barrier is barrier]
        if alike:
            times = [answer.available_at for answer in alike]
            known = [time for time in times if time is not None]
            latest = max(known) if known and len(known) == len(times) else None
            return Availability(barrier, _stages(alike), latest)
    return AVAILABLE


def _stages(answers: list[Availability]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stage for answer in answers for stage in answer.stages))


_JUDGES: Mapping[
    SoakingStages,
    Callable[[FreightStanding, str, RequestedFreight, datetime], Availability],
] = {SoakingStages.LISTED: _by_request, SoakingStages.ANY: _by_soaking_anywhere}
