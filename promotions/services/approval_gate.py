"""Keeps promotions waiting until enough people approve them, and has them say so."""

from datetime import datetime

from promotions.models import Promotion, Stage
from promotions.selectors.approvals import Subject, approval_missing, waiting_words
from promotions.services import promotion_progress


def is_approved(stage: Stage, subject: Subject, *, now: datetime) -> bool:
    """Return whether a promotion or promotion request may start; one that may not says why."""
    subject.stage, subject.project = stage, stage.project
    missing = approval_missing(subject, now=now)
    if missing is not None and isinstance(subject, Promotion):
        promotion_progress.explain(subject, waiting_words(missing), now=now)
    return missing is None
