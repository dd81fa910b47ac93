"""Prompts and responses: what steps of a promotion ask people, and what they answered."""

from django.db import models


class PromotionPrompt(models.Model):
    """The question of one step; ``config`` is the step's evaluated configuration."""

    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.CASCADE, related_name="prompts"
    )
    alias = models.CharField(max_length=253)
    kind = models.CharField(max_length=63)
    config = models.JSONField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "alias"], name="promotion_prompt_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.alias}"


class PromotionResponse(models.Model):
    """One answer; never changed, kept as long as the promotion.

    ``matched`` lists the rules that let the person answer, as ``[claim, value, role]``.
    """

    class Action(models.TextChoices):
        """What was answered."""

        APPROVE = "approve"
        REJECT = "reject"
        SUBMIT = "submit"

    prompt = models.ForeignKey(
        "promotions.PromotionPrompt", on_delete=models.CASCADE, related_name="responses"
    )
    user = models.CharField(max_length=253)
    user_uid = models.UUIDField()
    action = models.CharField(max_length=8, choices=Action.choices)
    message = models.TextField(blank=True)
    matched = models.JSONField(default=list, blank=True)
    values = models.JSONField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "user_uid", "action"], name="promotion_response_once"
            ),
            models.UniqueConstraint(
                fields=["prompt"],
                condition=models.Q(action="submit"),
                name="promotion_response_submitted_once",
            ),
            models.CheckConstraint(
                condition=models.Q(action="submit", values__isnull=False)
                | (~models.Q(action="submit") & models.Q(values__isnull=True)),
                name="promotion_response_values_when_submitted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.action}"
