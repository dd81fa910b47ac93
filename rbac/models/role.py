"""What a person may do, in one tenant or one project."""

from django.db import models

from common.clock import now


class RoleName(models.TextChoices):
    """Kargo's default roles."""

    ADMIN = "kargo-admin", "Admin"
    PROMOTER = "kargo-promoter", "Promoter"
    VIEWER = "kargo-viewer", "Viewer"


class RoleBinding(models.Model):
    """Gives a user a role.

    Scoped by uids, not foreign keys: a project deleted and made again under the same name
    inherits no grant. A null ``project_uid`` covers every project of the tenant.
    """

    user = models.ForeignKey("rbac.User", on_delete=models.CASCADE, related_name="role_bindings")
    tenant_uid = models.UUIDField()
    project_uid = models.UUIDField(null=True, blank=True)
    role = models.CharField(max_length=32, choices=RoleName.choices)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "tenant_uid", "project_uid", "role"], name="role_binding_once"
            ),
            models.UniqueConstraint(
                fields=["user", "tenant_uid", "role"],
                condition=models.Q(project_uid__isnull=True),
                name="role_binding_tenant_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.project_uid or self.tenant_uid}"
