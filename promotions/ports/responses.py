"""What a step may ask people, and what they answered."""

from typing import Protocol

from common.jsontypes import JSONObject
from promotions.engine.approvals import Response
from promotions.ports.origin import StepOrigin


class Responses(Protocol):
    """Shows people a step's question and keeps their answers as long as the promotion."""

    def ask(self, origin: StepOrigin, *, kind: str, config: JSONObject) -> tuple[Response, ...]:
        """Let people answer, and return what they answered so far, oldest first.

        Asking again changes the question and keeps the answers.

        Args:
            origin: The step that asks.
            kind: Its kind, which says how ``config`` is read.
            config: The step's evaluated configuration.

        Raises:
            UpstreamError: The store cannot be reached (retryable).
        """
        ...
