"""Promotions: one move of one piece of Freight into one Stage."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from common.errors import ConflictError
from common.models import Resource, Sealed
from promotions.engine.phases import TERMINAL, TRANSITIONS, PromotionPhase

_TERMINAL_VALUES = sorted(phase.value for phase in TERMINAL)
_KNOWN = sorted(phase.value for phase in PromotionPhase)


class Promotion(Resource, Sealed):
    """One run of a Stage's promotion template.

    ``spec`` is Kargo's (vars and inflated steps) and never changes. Its steps' records are
    :class:`StepExecution`; outputs by alias are in ``state``. ``freight_collection`` maps origins
    to the Freight names that the Stage will hold if this succeeds. Names hold a ULID, so their
    order is the order of creation; ``sequence`` of two promotions is compared by name.

    One that a promotion request made has a target: its name, and its parameters and labels as
    they were then, which expressions see.

    ``is_discarded`` says that it was aborted because a promotion window closed before it started:
    no attempt, as far as its Stage is concerned. ``actor_uid`` is the account of who asked for it.

    What ``state`` and messages show has no secrets in it. While the promotion runs, ``encrypted``
    keeps the secrets that it was given, and its outputs as they are.
    """

    TENANT_LOOKUP: ClassVar[str] = "project__tenant__uid"

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="promotions"
    )
    stage = models.ForeignKey(
        "promotions.Stage", on_delete=models.CASCADE, related_name="promotions"
    )
    freight = models.ForeignKey(
        "promotions.Freight", on_delete=models.PROTECT, related_name="promotions"
    )
    spec = models.JSONField()
    shard = models.CharField(max_length=63, blank=True)
    phase = models.CharField(max_length=16, default=PromotionPhase.PENDING.value)
    message = models.TextField(blank=True)
    actor = models.CharField(max_length=253, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    current_step = models.PositiveIntegerField(default=0)
    state = models.JSONField(default=dict, blank=True)
    health_checks = models.JSONField(default=list, blank=True)
    freight_collection = models.JSONField(default=dict, blank=True)
    is_discarded = models.BooleanField(default=False)
    actor_uid = models.UUIDField(null=True, blank=True)
    request = models.ForeignKey(
        "promotions.PromotionRequest",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="promotions",
    )
    target_name = models.CharField(max_length=253, blank=True)
    target_facts = models.JSONField(default=dict, blank=True)
    refresh_token = models.CharField(max_length=128, blank=True)
    handled_refresh = models.CharField(max_length=128, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(deleted_at__isnull=True),
                name="promotion_name_once",
            ),
            models.CheckConstraint(condition=Q(phase__in=_KNOWN), name="promotion_phase_known"),
            models.CheckConstraint(
                condition=Q(phase__in=_TERMINAL_VALUES, finished_at__isnull=False)
                | (~Q(phase__in=_TERMINAL_VALUES) & Q(finished_at__isnull=True)),
                name="promotion_finished_when_terminal",
            ),
        ]
        indexes = [
            # The queue and the history of a Stage.
            models.Index(fields=["stage", "name"], name="promotion_stage_order"),
            models.Index(fields=["stage", "phase"], name="promotion_stage_phase"),
            # Those of promotion requests that have not ended.
            models.Index(
                fields=["request"],
                name="promotion_target_unfinished",
                condition=Q(request__isnull=False, finished_at__isnull=True),
            ),
            # The newest of a Stage's target.
            models.Index(
                fields=["stage", "target_name", "name"],
                name="promotion_target_order",
                condition=~Q(target_name=""),
            ),
        ]

    @property
    def is_terminal(self) -> bool:
        """Whether it will never move again."""
        return PromotionPhase(self.phase) in TERMINAL

    def advance(self, to: PromotionPhase, *, at: datetime, **columns: Any) -> None:
        """Move to phase ``to`` and set ``columns`` with it, if nobody moved it since it was read.

        Raises:
            ConflictError: The table of transitions forbids it, or the row is in another phase.
        """
        old = PromotionPhase(self.phase)
        if to not in TRANSITIONS[old]:
            raise ConflictError(
                f"The promotion is {old.value or 'new'} and cannot become {to.value}; "
                "create a new one."
            )
        values: dict[str, Any] = {"phase": to.value, "updated_at": at, **columns}
        if to is PromotionPhase.RUNNING:
            values["started_at"] = at
        if to in TERMINAL:
            values["finished_at"] = at
        moved = type(self).objects.filter(pk=self.pk, phase=old.value).update(**values)
        if not moved:
            raise ConflictError("The promotion moved meanwhile; look at it again.")
        for name, value in values.items():
            if not isinstance(value, F):
                setattr(self, name, value)
