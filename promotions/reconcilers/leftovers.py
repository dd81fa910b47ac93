"""Removes from this host the work directories of promotions and previews that are no more."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from common.locks import directory_lock
from common.removal import remove_tree
from promotions.models import Preview, Promotion
from promotions.ports.workspaces import Workspaces

logger = logging.getLogger(__name__)

ORPHANS_EVERY = timedelta(minutes=10)
_PROMOTION, _PREVIEW = "promotion-", "preview-"


@dataclass(slots=True)
class Rhythm:
    """Says in one process, now and then, that it is time."""

    every: timedelta
    last: float | None = None

    def is_due(self, at: float) -> bool:
        """Return whether it is time, and count from ``at`` if so; seconds of a steady clock."""
        if self.last is not None and at - self.last < self.every.total_seconds():
            return False
        self.last = at
        return True


def remove_leftovers(work_dir: Path, workspaces: Workspaces) -> int:
    """Remove the work directories whose promotion or preview has no row; return how many.

    One that a worker is in stays: the worker removes it.
    """
    folders = dict(_folders(work_dir))
    known = {
        *Promotion.everything.filter(uid__in=folders.values()).values_list("uid", flat=True),
        *Preview.objects.filter(uid__in=folders.values()).values_list("uid", flat=True),
    }
    lost = [folder for folder, uid in folders.items() if uid not in known]
    return sum(_remove(folder, workspaces) for folder in lost)


def _folders(work_dir: Path) -> Iterator[tuple[Path, UUID]]:
    for prefix in (_PROMOTION, _PREVIEW):
        for folder in work_dir.glob(f"{prefix}*"):
            with suppress(ValueError):
                yield folder, UUID(folder.name.removeprefix(prefix))


def _remove(folder: Path, workspaces: Workspaces) -> bool:
    try:
        with directory_lock(folder) as is_ours:
            if is_ours:
                workspaces.release(workdir=str(folder))
                remove_tree(folder)
            return is_ours
    except FileNotFoundError:
        return False
    except OSError as error:
        logger.warning("work directory not removed", extra={"reason": str(error)})
        return False
