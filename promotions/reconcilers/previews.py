"""Tries the promotions that people asked to preview, and forgets them after a while."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from common.clock import now as read_clock
from common.errors import PlatformError
from common.redaction import redact
from common.removal import remove_tree
from promotions.models import Preview
from promotions.reconcilers.loop import Lease
from promotions.selectors.previews import preview_by_uid
from promotions.services.preview_run import PreviewPorts, try_promotion
from promotions.services.previews import KEPT_FOR, finish_preview, remove_preview
from promotions.services.promotions import planned_promotion
from rbac.actors import Actor, ActorKind

logger = logging.getLogger(__name__)

MOST_FAILURES = 2
"""After so many passes that did not end, a preview is given up."""


@dataclass(frozen=True, slots=True)
class PreviewReconciler:
    """Tries promotions in folders ``preview-<uid>`` beside those of real ones."""

    ports: PreviewPorts
    work_dir: Path

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Reconcile the preview with this uid."""
        preview = preview_by_uid(uid)
        if preview is None:
            return None
        if preview.finished_at is not None or now - preview.created_at > KEPT_FOR:
            return self._expire(preview, lease=lease, now=now)
        if lease.failures >= MOST_FAILURES:
            problem = "The preview could not be made; the log of the worker says why. Try again."
            with lease.transaction():
                finish_preview(preview, problem=problem, now=now)
            return KEPT_FOR
        self._try(preview, lease=lease)
        return KEPT_FOR

    def _try(self, preview: Preview, *, lease: Lease) -> None:
        try:
            with throwaway(self.work_dir, f"preview-{preview.uid}") as workdir:
                actor = Actor(kind=ActorKind.USER, name=preview.actor)
                promotion = planned_promotion(
                    preview.stage,
                    preview.freight,
                    actor=actor,
                    now=read_clock(),
                    target=preview.target_name,
                )
                result = try_promotion(promotion, ports=self.ports, workdir=workdir)
        except PlatformError as error:
            with lease.transaction():
                finish_preview(preview, problem=redact(error.message), now=read_clock())
            return
        with lease.transaction():
            finish_preview(preview, result=result, now=read_clock())
        logger.info("promotion previewed", extra={"stage": preview.stage.name})

    def _expire(self, preview: Preview, *, lease: Lease, now: datetime) -> timedelta | None:
        left = preview.created_at + KEPT_FOR - now
        if left > timedelta(0):
            return left
        with lease.transaction():
            remove_preview(preview)
        return None


@contextmanager
def throwaway(folder: Path, name: str) -> Iterator[Path]:
    """Yield an empty private folder, and remove it and all that is in it afterwards."""
    workdir = folder / name
    remove_tree(workdir)
    folder.mkdir(parents=True, exist_ok=True)
    workdir.mkdir(mode=0o700)
    try:
        yield workdir
    finally:
        remove_tree(workdir)
