"""Writes what a promotion's approval needs and has, as our own API shows it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from promotions.engine.approvals import Response
from promotions.engine.quorum import ApprovalPolicy, Standing, approvers_in_words
from promotions.manifests.metadata import present, timestamp
from promotions.models import Promotion, PromotionRequest


def approvals_to(
    policy: ApprovalPolicy | None, found: Standing | None, answers: Iterable[Response]
) -> dict[str, Any]:
    """Write how a promotion stands with its approvers, and what they said, oldest first."""
    written = {"required": policy is not None, "responses": [_answer_to(it) for it in answers]}
    if policy is None or found is None:
        return written
    return {
        **written,
        **present(
            {
                "approvers": approvers_in_words(policy),
                "rejectedBy": found.rejected_by,
                "lapsesAt": _stamp(found.lapses_at),
            }
        ),
        "minApprovals": found.needed,
        "approvals": found.given,
        "missing": [str(it) for it in found.missing],
        "approved": found.is_met,
    }


def pending_to(
    subject: Promotion | PromotionRequest,
    policy: ApprovalPolicy,
    found: Standing,
    answers: Iterable[Response],
) -> dict[str, Any]:
    """Write a promotion or promotion request that waits, as one of a list."""
    return {
        "kind": type(subject).__name__,
        "name": subject.name,
        "stage": subject.stage.name,
        "freight": subject.freight.name,
        **approvals_to(policy, found, answers),
    }


def _answer_to(response: Response) -> dict[str, Any]:
    return present(
        {
            "user": response.user,
            "action": response.action.value,
            "time": timestamp(response.at),
            "message": response.message,
        }
    )


def _stamp(at: datetime | None) -> str | None:
    return timestamp(at) if at else None
