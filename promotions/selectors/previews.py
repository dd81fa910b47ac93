"""Reads previews of promotions."""

from uuid import UUID

from common.errors import NotFoundError
from promotions.models import Preview, Stage


def preview_by_uid(uid: UUID) -> Preview | None:
    """Return a preview with what trying it needs, or ``None`` if it is gone."""
    return (
        Preview.objects.select_related("stage__project__tenant", "freight__warehouse")
        .filter(uid=uid)
        .first()
    )


def preview_of(stage: Stage, uid: UUID) -> Preview:
    """Return one of a Stage's previews.

    Raises:
        NotFoundError: There is none of that uid, or no longer.
    """
    found = (
        Preview.objects.select_related("freight", "stage", "project")
        .filter(stage=stage, uid=uid)
        .first()
    )
    if found is None:
        raise NotFoundError("There is no such preview any more; make a new one.")
    return found
