"""Roles that people hold by themselves, whatever an identity provider says of them."""

from django.db import models

from common.clock import now


class Membership(models.Model):
    """Gives a user a Kargo role by its name.

    ``project_uid`` names the project whose role it is; null for one of the tenant's system roles.
    Scoped by uids, not foreign keys: a project deleted and made again inherits no member.
    """

    user = models.ForeignKey("rbac.User", on_delete=models.CASCADE, related_name="memberships")
    tenant_uid = models.UUIDField()
    project_uid = models.UUIDField(null=True, blank=True)
    role = models.CharField(max_length=253)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "tenant_uid", "project_uid", "role"], name="membership_once"
            ),
            models.UniqueConstraint(
                fields=["user", "tenant_uid", "role"],
                condition=models.Q(project_uid__isnull=True),
                name="membership_tenant_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.project_uid or self.tenant_uid}"
