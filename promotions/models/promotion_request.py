"""Promotion requests: one piece of Freight to many targets of one Stage."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from common.errors import ConflictError
from common.models import Resource
from promotions.engine.phases import PromotionPhase
from promotions.engine.targets import ENDED, REQUEST_TRANSITIONS, RequestPhase

_ENDED_VALUES = sorted(phase.value for phase in ENDED)
_KNOWN = sorted(phase.value for phase in RequestPhase)


class PromotionRequest(Resource):
    """Promotes Freight to each of its targets, wave by wave.

    Its targets are :class:`RequestTarget`. ``policy`` is how to go about them, as the Stage said
    when it was created. ``freight_collection`` maps origins to the Freight names that the Stage
    will hold if this succeeds. Names hold a ULID, as those of promotions do.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="promotion_requests"
    )
    stage = models.ForeignKey(
        "promotions.Stage", on_delete=models.CASCADE, related_name="promotion_requests"
    )
    freight = models.ForeignKey(
        "promotions.Freight", on_delete=models.PROTECT, related_name="promotion_requests"
    )
    shard = models.CharField(max_length=63, blank=True)
    policy = models.JSONField(default=dict, blank=True)
    phase = models.CharField(max_length=16, default=RequestPhase.PENDING.value)
    message = models.TextField(blank=True)
    actor = models.CharField(max_length=253, blank=True)
    actor_uid = models.UUIDField(null=True, blank=True)
    aborted_by = models.CharField(max_length=253, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    freight_collection = models.JSONField(default=dict, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(deleted_at__isnull=True),
                name="promotion_request_name_once",
            ),
            models.CheckConstraint(condition=Q(phase__in=_KNOWN), name="promotion_request_phase"),
            models.CheckConstraint(
                condition=Q(phase__in=_ENDED_VALUES, finished_at__isnull=False)
                | (~Q(phase__in=_ENDED_VALUES) & Q(finished_at__isnull=True)),
                name="promotion_request_finished",
            ),
        ]
        indexes = [
            # The queue and the history of a Stage.
            models.Index(fields=["stage", "name"], name="promotion_request_order"),
        ]

    @property
    def is_terminal(self) -> bool:
        """Whether it will never move again."""
        return RequestPhase(self.phase).is_terminal

    def advance(self, to: RequestPhase, *, at: datetime, **columns: Any) -> None:
        """Move to phase ``to`` and set ``columns`` with it, if nobody moved it since it was read.

        Raises:
            ConflictError: The table of transitions forbids it, or the row is in another phase.
        """
        old = RequestPhase(self.phase)
        if to not in REQUEST_TRANSITIONS[old]:
            raise ConflictError(
                f"The promotion request is {old.value} and cannot become {to.value}; "
                "create a new one."
            )
        values: dict[str, Any] = {"phase": to.value, "updated_at": at, **columns}
        if to is RequestPhase.RUNNING:
            values["started_at"] = at
        if to.is_terminal:
            values["finished_at"] = at
        moved = type(self).objects.filter(pk=self.pk, phase=old.value).update(**values)
        if not moved:
            raise ConflictError("The promotion request moved meanwhile; look at it again.")
        for name, value in values.items():
            setattr(self, name, value)


class RequestTarget(models.Model):
    """One target of a request, and the promotion to it once there is one.

    ``wave`` is what its label said when it was taken in. ``failure`` says why there could be no
    promotion, and ``failed_at`` when.
    """

    request = models.ForeignKey(
        "promotions.PromotionRequest", on_delete=models.CASCADE, related_name="targets"
    )
    name = models.CharField(max_length=253)
    wave = models.CharField(max_length=63, blank=True)
    promotion = models.OneToOneField(
        "promotions.Promotion",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="request_target",
    )
    failure = models.TextField(blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "name"], name="request_target_once")
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.name}"

    @property
    def phase(self) -> PromotionPhase | None:
        """How far its promotion is; ``None`` before there is one."""
        if self.promotion is not None:
            return PromotionPhase(self.promotion.phase)
        return PromotionPhase.ERRORED if self.failure else None
