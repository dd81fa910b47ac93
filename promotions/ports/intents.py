"""How does a step know later that it set out to do what nobody outside can tell it about?

A step notes its intent before it acts, and what came of it afterwards. A later invocation that
finds the first and not the second knows that the effect may be there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from common.jsontypes import JSONObject, JSONValue
from promotions.ports.origin import StepOrigin

NOTHING: Mapping[str, JSONValue] = {}


@dataclass(frozen=True, slots=True)
class Intent:
    """What is known of the one effect of a step.

    Attributes:
        begun_at: When it was tried; ``None`` if this is the first time.
        note: What was noted then.
        outcome: What it came to; ``None`` unless it is known to be done.
    """

    begun_at: datetime | None = None
    note: JSONObject = field(default_factory=dict)
    outcome: JSONObject | None = None


class Intents(Protocol):
    """Remembers what steps set out to do, as long as the promotion.

    Raises:
        UpstreamError: The store cannot be reached (retryable).
    """

    def begin(self, origin: StepOrigin, *, now: datetime, note: JSONObject = NOTHING) -> Intent:
        """Note that the step is about to act, and return what was known before."""
        ...

    def renew(self, origin: StepOrigin, *, now: datetime, note: JSONObject = NOTHING) -> None:
        """Note that what was begun did not happen, and that the step is about to act again."""
        ...

    def finish(self, origin: StepOrigin, outcome: JSONObject, *, now: datetime) -> None:
        """Note that it is done; the first outcome stays."""
        ...
