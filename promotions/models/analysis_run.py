"""Analysis runs: metrics that are measured to verify what a Stage holds."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from common.models import Resource, Sealed
from promotions.engine.analysis.phases import COMPLETED, AnalysisPhase

_COMPLETED_VALUES = sorted(phase.value for phase in COMPLETED)
_KNOWN = sorted(phase.value for phase in AnalysisPhase)


class AnalysisRun(Resource, Sealed):
    """One run: templates merged and frozen when it was made, and how far it has come.

    ``spec`` and ``status`` are Argo's documents, as people may see them. Where an argument holds a
    secret, ``encrypted`` keeps ``spec`` as it is. ``ended_at`` is set exactly when the phase is
    final, also for runs that never got to their metrics, which have no ``completedAt``.
    ``stage`` and ``collection`` are what it verifies; both empty for a run that somebody made.
    """

    TENANT_LOOKUP: ClassVar[str] = "project__tenant__uid"

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="analysis_runs"
    )
    stage = models.ForeignKey(
        "promotions.Stage",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="analysis_runs",
    )
    collection = models.ForeignKey(
        "promotions.FreightCollection",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="analysis_runs",
    )
    promotion = models.ForeignKey(
        "promotions.Promotion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owners = models.JSONField(default=list, blank=True)
    spec = models.JSONField()
    status = models.JSONField(default=dict, blank=True)
    phase = models.CharField(max_length=16, blank=True, default=AnalysisPhase.UNSET.value)
    shard = models.CharField(max_length=63, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=Q(deleted_at__isnull=True),
                name="analysis_run_name_once",
            ),
            models.CheckConstraint(condition=Q(phase__in=_KNOWN), name="analysis_run_phase_known"),
            models.CheckConstraint(
                condition=Q(phase__in=_COMPLETED_VALUES, ended_at__isnull=False)
                | (~Q(phase__in=_COMPLETED_VALUES) & Q(ended_at__isnull=True)),
                name="analysis_run_ended_when_completed",
            ),
        ]
        indexes = [
            # The runs of a Stage, newest first: to adopt one, and to show them.
            models.Index(fields=["stage", "-id"], name="analysis_run_of_stage"),
        ]

    @property
    def is_completed(self) -> bool:
        """Whether it will never move again."""
        return AnalysisPhase(self.phase).is_completed


class AnalysisJob(models.Model):
    """One job or canary that measures a metric: what was set out to be done, what came of it.

    Written before it is started; a canary is over here once it is known to be started, for its
    measurement says where it is. ``ordinal`` counts the measurements of the metric, so that
    one measurement never starts two jobs. ``logs`` are by container, bounded and redacted.
    """

    run = models.ForeignKey(AnalysisRun, on_delete=models.CASCADE, related_name="jobs")
    metric = models.CharField(max_length=253)
    ordinal = models.PositiveIntegerField()
    name = models.CharField(max_length=63)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    unreachable = models.PositiveIntegerField(default=0)
    logs = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "metric", "ordinal"], name="analysis_job_ordinal_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        """Whether it runs no more."""
        return self.ended_at is not None
