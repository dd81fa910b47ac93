"""Step executions: how each step of a promotion went."""

from django.db import models


class StepExecution(models.Model):
    """The record of one step, by its place in the promotion's list."""

    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.CASCADE, related_name="step_executions"
    )
    index = models.PositiveIntegerField()
    alias = models.CharField(max_length=253)
    kind = models.CharField(max_length=63)
    status = models.CharField(max_length=16, blank=True)
    message = models.TextField(blank=True)
    error_count = models.PositiveIntegerField(default=0)
    continue_on_error = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "index"], name="step_execution_once")
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.alias} {self.status}"
