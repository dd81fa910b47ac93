"""Carries out one promotion: the steps of the one that its Stage let through.

Observe: the promotion, its Stage's consent, the Freight's availability. Decide and act: the
engine runs step after step; what each came to is stored before the next. A step that waits ends
the pass.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from common.clock import now as read_clock
from common.errors import ConflictError, UpstreamError
from common.locks import directory_lock
from common.redaction import noting_secrets
from common.removal import remove_tree
from projects.selectors import is_suspended
from promotions.engine.eligibility import Reason
from promotions.engine.executor import (
    Advance,
    Engine,
    Progress,
    PromotionPlan,
    restarted,
    run_promotion,
)
from promotions.engine.phases import PromotionPhase
from promotions.models import Promotion
from promotions.ports.workspaces import Workspaces
from promotions.reconcilers.loop import Lease, LeaseLostError
from promotions.selectors import plans
from promotions.selectors.eligibility import refusal
from promotions.selectors.promotions import is_let_in, promotion_by_uid
from promotions.selectors.windows import closed_reason
from promotions.services import approval_gate, promotion_progress
from promotions.services.window_gate import discard_promotion

logger = logging.getLogger(__name__)

AT_ONCE = timedelta(0)
LOOK_AGAIN = timedelta(minutes=5)
UNTIL_LEFT = timedelta(seconds=2)
"""When to look again while a worker that was cut off is still in the work directory."""


class PausedError(ConflictError):
    """Nothing of the tenant is to be worked on now."""

    code = "paused"


@dataclass(frozen=True, slots=True)
class PromotionReconciler:
    """Runs promotions with one engine, in one folder of work directories.

    Attributes:
        work_dir: Where each promotion has a private directory, ``promotion-<uid>``.
        base_url: The portal's address, for ``ctx.uiBaseUrl``.
        workspaces: Take back what a work directory has on loan before it is removed.
    """

    engine: Engine
    work_dir: Path
    base_url: str
    workspaces: Workspaces

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Reconcile the promotion with this uid; ``None`` when only an event can move it."""
        with noting_secrets():
            return self._reconcile(uid, lease=lease, now=now)

    def _reconcile(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        promotion = promotion_by_uid(uid)
        if promotion is None or promotion.is_terminal:
            self._remove(uid)
            return None
        if promotion.request is not None and promotion.request.aborted_by:
            with lease.transaction():
                promotion_progress.end_with_request(promotion, now=now)
            self._remove(uid)
            return None
        if not is_let_in(promotion):
            return None
        return self._carry_on(promotion, lease=lease, now=now)

    def _carry_on(self, promotion: Promotion, *, lease: Lease, now: datetime) -> timedelta | None:
        uid = promotion.uid
        if promotion.phase != PromotionPhase.RUNNING:
            closed = closed_reason(promotion.stage, now=now)
            if closed is not None:
                return _wait_outside(promotion, closed, lease=lease, now=now)
            with lease.transaction():
                if not approval_gate.may_start(promotion, now=now):
                    return LOOK_AGAIN
                promotion_progress.start_promotion(promotion, now=now)
        try:
            return self._run(promotion, lease=lease)
        except PausedError:
            return AT_ONCE  # which is when the tenant is resumed
        except LeaseLostError:
            self._tidy(uid)
            raise

    def _run(self, promotion: Promotion, *, lease: Lease) -> timedelta | None:
        workdir = self.work_dir / f"promotion-{promotion.uid}"
        progress = promotion_progress.progress_of(promotion)
        try:
            is_new = self._is_new(workdir)
        except OSError as error:
            raise self._no_room(promotion, error, lease=lease) from error
        if is_new:
            progress = restarted(progress)
        with directory_lock(workdir) as is_ours:
            if not is_ours:
                return UNTIL_LEFT
            result = self._advance(promotion, workdir, progress, lease=lease)
        if result.phase is not PromotionPhase.RUNNING:
            self._remove(promotion.uid)
            return None
        return result.delay

    def _advance(
        self, promotion: Promotion, workdir: Path, progress: Progress, *, lease: Lease
    ) -> Advance:
        refused = refusal(promotion.stage, promotion.freight, now=_not_before(promotion))
        if refused:
            result = Advance(progress, PromotionPhase.ERRORED, refused)
        else:
            result = self._steps(promotion, workdir, progress, lease=lease)
        with lease.transaction():
            promotion_progress.store(promotion, result, now=read_clock())
        return result

    def _steps(
        self, promotion: Promotion, workdir: Path, progress: Progress, *, lease: Lease
    ) -> Advance:
        plan: PromotionPlan = plans.plan_for(
            promotion, workdir=str(workdir), base_url=self.base_url
        )

        def save(progress: Progress) -> None:
            with lease.transaction():
                promotion_progress.store_progress(promotion, progress, now=read_clock())

        def announce(progress: Progress) -> None:
            if is_suspended(promotion.project.tenant):
                raise PausedError("The tenant is suspended; the promotion goes on when it is not.")
            save(progress)

        return run_promotion(self.engine, plan, progress, save=save, announce=announce)

    def _is_new(self, workdir: Path) -> bool:
        self.work_dir.mkdir(parents=True, exist_ok=True)
        try:
            workdir.mkdir(mode=0o700)
        except FileExistsError:
            return False
        return True

    def _no_room(self, promotion: Promotion, error: OSError, *, lease: Lease) -> UpstreamError:
        """Say on the promotion that it has no work directory; it will be tried again."""
        failure = UpstreamError(
            f"The work directory could not be made ({error.strerror}); "
            f"free space in {self.work_dir}, or let the platform write there.",
            retryable=True,
            code="no_work_directory",
        )
        with lease.transaction():
            promotion_progress.explain(promotion, failure.message, now=read_clock())
        return failure

    def _tidy(self, uid: UUID) -> None:
        """Remove what a step still wrote after its promotion was aborted.

        Another worker may have the promotion now; then the directory is in use.
        """
        promotion = promotion_by_uid(uid)
        if promotion is None or promotion.is_terminal:
            self._remove(uid)

    def _remove(self, uid: UUID) -> None:
        workdir = self.work_dir / f"promotion-{uid}"
        self.workspaces.release(workdir=str(workdir))
        try:
            remove_tree(workdir)
        except OSError as error:
            logger.warning("work directory not removed", extra={"reason": str(error)})


def _not_before(promotion: Promotion) -> datetime:
    """Return the time, or that of the promotion's creation if the clock was set back since.

    What had soaked long enough then has soaked long enough.
    """
    return max(read_clock(), promotion.created_at)


def _wait_outside(
    promotion: Promotion, closed: Reason, *, lease: Lease, now: datetime
) -> timedelta | None:
    """Discard a promotion that a closing window catches; one to a target waits for the opening."""
    with lease.transaction():
        if promotion.request_id is None:
            discard_promotion(promotion, closed, now=now)
            return None
        promotion_progress.explain(promotion, f"Waiting: {closed.message}", now=now)
    opens_in = closed.lifts_at - now if closed.lifts_at else LOOK_AGAIN
    return min(max(opens_in, AT_ONCE), LOOK_AGAIN)
