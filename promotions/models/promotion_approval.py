"""Approvals: what people say of a promotion that may not start without enough of them."""

from django.db import models
from django.db.models import Q


class PromotionApproval(models.Model):
    """One answer about a promotion or a promotion request; never changed.

    Of each person the last one counts. An approval that ran out is followed by one that says so.
    ``matched`` lists the approvers of the policy that the person was, as ``[claim, value, role]``.
    """

    class Action(models.TextChoices):
        """What was answered."""

        APPROVE = "approve"
        REJECT = "reject"
        WITHDRAW = "withdraw"
        EXPIRE = "expire"

    promotion = models.ForeignKey(
        "promotions.Promotion",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="approvals",
    )
    request = models.ForeignKey(
        "promotions.PromotionRequest",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="approvals",
    )
    user = models.CharField(max_length=253)
    user_uid = models.UUIDField()
    action = models.CharField(max_length=8, choices=Action.choices)
    message = models.TextField(blank=True)
    matched = models.JSONField(default=list, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(promotion__isnull=True) ^ Q(request__isnull=True),
                name="promotion_approval_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.action}"
