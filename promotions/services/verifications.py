"""Carries out what verification has to do next."""

from datetime import datetime

from promotions.engine.verification import NextAct, VerificationPhase
from promotions.models import FreightCollection, Verification

_NO_ANALYSIS = (
    "This Stage asks for verification by analysis, which no analysis provider is set up for; "
    "remove spec.verification, or approve the Freight for the next Stage by hand."
)


def carry_out(act: NextAct, collection: FreightCollection, *, now: datetime) -> None:
    """Do the next act of a collection's verification, if it is for us to do.

    A Stage without ``verification`` succeeds at once. Analysis has no provider yet, so starting
    one records an Error that says so.
    """
    if act is NextAct.SUCCEED:
        _finish(collection, VerificationPhase.SUCCESSFUL, "", now=now)
    elif act in {NextAct.START, NextAct.RESTART}:
        _finish(collection, VerificationPhase.ERROR, _NO_ANALYSIS, now=now)


def _finish(
    collection: FreightCollection, phase: VerificationPhase, message: str, *, now: datetime
) -> None:
    Verification.objects.create(
        collection=collection,
        phase=phase.value,
        message=message,
        started_at=now,
        finished_at=now,
    )
