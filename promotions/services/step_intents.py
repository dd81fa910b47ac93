"""Remembers what steps set out to do, so that a step that runs again does not do it twice."""

from dataclasses import dataclass
from datetime import datetime

from common.jsontypes import JSONObject
from promotions.models import StepIntent
from promotions.ports.intents import NOTHING, Intent
from promotions.ports.origin import StepOrigin
from promotions.services.step_stores import promotion_of, stored


@dataclass(frozen=True, slots=True)
class DatabaseIntents:
    """:class:`~promotions.ports.intents.Intents` in the database."""

    def begin(self, origin: StepOrigin, *, now: datetime, note: JSONObject = NOTHING) -> Intent:
        """Note that the step is about to act, and return what was known before."""
        with stored():
            promotion = promotion_of(origin)
            if promotion is None:
                return Intent()
            row, is_new = StepIntent.objects.get_or_create(
                promotion=promotion,
                alias=origin.alias,
                defaults={"begun_at": now, "note": dict(note)},
            )
        return Intent() if is_new else Intent(row.begun_at, row.note, row.outcome)

    def renew(self, origin: StepOrigin, *, now: datetime, note: JSONObject = NOTHING) -> None:
        """Note that what was begun did not happen, and that the step is about to act again."""
        with stored():
            rows = StepIntent.objects.filter(
                promotion=promotion_of(origin), alias=origin.alias, done_at__isnull=True
            )
            rows.update(begun_at=now, note=dict(note))

    def finish(self, origin: StepOrigin, outcome: JSONObject, *, now: datetime) -> None:
        """Note that it is done; the first outcome stays."""
        with stored():
            rows = StepIntent.objects.filter(
                promotion=promotion_of(origin), alias=origin.alias, done_at__isnull=True
            )
            rows.update(done_at=now, outcome=dict(outcome))
