"""Writes what a step asks people, and their answers, as our own API shows them."""

from collections.abc import Iterable
from typing import Any

from promotions.engine.approvals import Response
from promotions.manifests.metadata import present, timestamp
from promotions.models import PromotionPrompt


def prompt_to(prompt: PromotionPrompt, responses: Iterable[Response]) -> dict[str, Any]:
    """Write a prompt with its responses, oldest first."""
    return {
        "alias": prompt.alias,
        "uses": prompt.kind,
        "config": prompt.config,
        "askedAt": timestamp(prompt.asked_at),
        "responses": [_response(it) for it in responses],
    }


def _response(response: Response) -> dict[str, Any]:
    written = {
        "user": response.user,
        "action": response.action.value,
        "time": timestamp(response.at),
        "message": response.message,
    }
    values = {} if response.values is None else {"values": response.values}
    return {**present(written), **values}
