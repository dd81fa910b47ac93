"""What does a registry say went wrong, and when may it be asked again?"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from common.errors import UpstreamError
from common.jsontypes import as_list, as_object, as_text

ATTEMPTS = 4
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
_DETAIL_LENGTH = 200

Result = TypeVar("Result")


class RegistryBusyError(UpstreamError):
    """The registry wants to be asked later; ``retry_after`` in seconds, 0 if it does not say."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, retryable=True, code="registry_limit")
        self.retry_after = retry_after


def explanation(body: bytes) -> str:
    """Return what a registry's error document says of the first error, in one short line."""
    try:
        errors = as_list(as_object(json.loads(body)).get("errors"))
    except (ValueError, RecursionError):
        return ""
    first = as_object(errors[0]) if errors else {}
    parts = (as_text(first.get("code")), as_text(first.get("message")))
    return " ".join(": ".join(filter(None, parts)).split())[:_DETAIL_LENGTH]


def seconds_in(text: str) -> float:
    """Return the seconds of a ``Retry-After`` header; 0 if it has none."""
    return float(text) if text.isascii() and text.isdigit() else 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again what failed for a moment.

    The pauses double, and are as long as the registry asks for; one that asks for too much is
    not waited for.
    """

    sleep: Callable[[float], None] = time.sleep

    def outlast(self, error: UpstreamError, *, attempt: int) -> None:
        """Wait before the attempt after ``attempt``, counted from 0.

        Raises:
            UpstreamError: The error itself, if another attempt has no point.
        """
        asked = error.retry_after if isinstance(error, RegistryBusyError) else 0.0
        if not error.retryable or attempt + 1 >= ATTEMPTS or asked > LONGEST_DELAY_SECONDS:
            raise error
        self.sleep(max(FIRST_DELAY_SECONDS * 2**attempt, asked))

    def __call__(self, action: Callable[[], Result]) -> Result:
        """Return what the action gives.

        Raises:
            UpstreamError: It failed for good, or too often.
        """
        for attempt in count():
            try:
                return action()
            except UpstreamError as error:
                self.outlast(error, attempt=attempt)
        raise AssertionError("counting does not end")
