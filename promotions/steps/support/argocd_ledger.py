"""Which operations did a step ask for already, and what is known of each?

Argo CD shows only the last operation. Written before each request and again when its fate is
known, this tells a request that may still arrive from one that never did.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.markers import has_accepted, last_attempt
from promotions.ports.intents import Intents
from promotions.ports.origin import StepOrigin

SETTLING = timedelta(seconds=30)
"""After how long a request that was not answered cannot arrive any more: no gateway lets one take
so long, and what Argo CD took up by then shows."""
SHOWING = timedelta(seconds=10)
"""How long what Argo CD has accepted may take to show."""


class Fate(StrEnum):
    """What is known of a request."""

    NONE = "none"
    SENT = "sent"
    CONFIRMED = "confirmed"
    UNDONE = "undone"


_PATIENCE = {Fate.SENT: SETTLING, Fate.CONFIRMED: SHOWING}


@dataclass(frozen=True, slots=True)
class Request:
    """The last request for an Application; ``attempt`` counts from 1, 0 is none."""

    attempt: int = 0
    fate: Fate = Fate.NONE
    at: datetime | None = None


class Ledger:
    """The requests of one step of one promotion, by Application."""

    def __init__(self, intents: Intents, origin: StepOrigin, *, promotion: str) -> None:
        self._intents = intents
        self._origin = origin
        self._promotion = promotion
        self._requests: dict[str, Request] | None = None

    def next_attempt(
        self, application: Application, *, now: datetime, is_late_refused: bool = False
    ) -> int:
        """Return the number of the next request; 0 if the last one may still arrive, or show.

        Args:
            application: As it was just read.
            now: The time.
            is_late_refused: A request that arrives after another one does nothing, since it names
                what it was decided upon: so one that was lost need not be waited for.

        Raises:
            UpstreamError: The ledger cannot be read (retryable).
        """
        last = self._last(application, now=now)
        shown = last_attempt(application, promotion=self._promotion)
        is_harmless = last.fate is Fate.SENT and is_late_refused
        patience = None if is_harmless else _PATIENCE.get(last.fate)
        if last.at is not None and last.at > now:  # The clock went back: wait anew, from now.
            last = Request(last.attempt, last.fate, now)
            self.record(application, last, now=now)
        is_due = patience is None or last.at is None or now - last.at >= patience
        if shown < last.attempt and not is_due:
            return 0
        used = last.attempt if last.fate is not Fate.UNDONE else last.attempt - 1
        return max(used, shown) + 1

    def is_open(self, application: Application, *, now: datetime) -> bool:
        """Return whether it is not known what came of the last request."""
        return self._last(application, now=now).fate is Fate.SENT

    def record(self, application: Application, request: Request, *, now: datetime) -> None:
        """Write down what is known of a request.

        Raises:
            UpstreamError: The ledger cannot be written (retryable); then nothing may be sent.
        """
        requests = self._read(now=now)
        requests[_key(application)] = request
        self._intents.renew(self._origin, now=now, note=_note(requests))

    def _last(self, application: Application, *, now: datetime) -> Request:
        """Return the last request; one that shows on the Application is confirmed."""
        last = self._read(now=now).get(_key(application), Request())
        is_seen = has_accepted(application, promotion=self._promotion, attempt=last.attempt)
        if last.fate is Fate.SENT and is_seen:
            last = Request(last.attempt, Fate.CONFIRMED, last.at)
            self.record(application, last, now=now)
        return last

    def _read(self, *, now: datetime) -> dict[str, Request]:
        if self._requests is None:
            note = self._intents.begin(self._origin, now=now).note
            written = as_object(note.get("applications"))
            self._requests = {key: _request(as_object(it)) for key, it in written.items()}
        return self._requests


def _key(application: Application) -> str:
    """Return the key of an Application; one that was deleted and made again is another."""
    return f"{application.key}#{application.uid}"


def _note(requests: dict[str, Request]) -> JSONObject:
    written: dict[str, JSONValue] = {
        key: {
            "attempt": it.attempt,
            "fate": it.fate.value,
            "at": it.at.isoformat() if it.at else None,
        }
        for key, it in requests.items()
    }
    return {"applications": written}


def _request(written: JSONObject) -> Request:
    attempt, at = written.get("attempt"), as_text(written.get("at"))
    return Request(
        attempt=attempt if isinstance(attempt, int) else 0,
        fate=Fate(as_text(written.get("fate")) or Fate.NONE),
        at=datetime.fromisoformat(at) if at else None,
    )
