"""Step intents: what steps set out to do that nobody outside can tell them about."""

from django.db import models


class StepIntent(models.Model):
    """The one effect of a step of a promotion, such as the message that it sends.

    Written before the step acts, with what it then wants to remember, and again once the effect
    is known to be there; ``outcome`` is what the step puts out.
    """

    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.CASCADE, related_name="step_intents"
    )
    alias = models.CharField(max_length=253)
    begun_at = models.DateTimeField()
    note = models.JSONField(default=dict, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "alias"], name="step_intent_once"),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, outcome__isnull=True)
                | models.Q(done_at__isnull=False, outcome__isnull=False),
                name="step_intent_outcome_when_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.promotion_id} {self.alias}"
