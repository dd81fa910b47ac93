"""Roles as Kubernetes has them: ServiceAccounts, Roles and what binds them.

A Kargo role is a ServiceAccount with the Roles that are bound to it. Everything is scoped by uids,
not foreign keys: a project deleted and made again under the same name inherits no grant.
"""

import uuid
from typing import ClassVar

from django.db import models

from common.clock import now


class AccessObject(models.Model):
    """What the three kinds share. ``project_uid`` is null in the tenant's own namespaces.

    ``namespace`` is the project's name, one of the tenant's own namespaces or, for what Kubernetes
    calls cluster-scoped, empty.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant_uid = models.UUIDField()
    project_uid = models.UUIDField(null=True, blank=True)
    namespace = models.CharField(max_length=253, blank=True)
    name = models.CharField(max_length=253)
    labels = models.JSONField(default=dict, blank=True)
    annotations = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant_uid", "namespace", "name"], name="%(class)s_name_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["project_uid"], name="%(class)s_project")]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class ServiceAccount(AccessObject):
    """Who a role is: people are led to it by claims, programs by tokens.

    ``claims`` is what its annotations say, as ``{claim: [values]}``. ``is_default`` marks those
    that the platform makes, whose rules are ``rbac.defaults``.
    """

    claims = models.JSONField(default=dict, blank=True)
    is_default = models.BooleanField(default=False)


class ServiceAccountClaim(models.Model):
    """One value of one claim that leads to a ServiceAccount; a copy of its ``claims`` to search."""

    service_account = models.ForeignKey(
        ServiceAccount, on_delete=models.CASCADE, related_name="claim_values"
    )
    name = models.CharField(max_length=253)
    value = models.CharField(max_length=1024)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service_account", "name", "value"], name="service_account_claim_once"
            )
        ]
        indexes = [
            # Whom somebody's claims lead to.
            models.Index(fields=["name", "value"], name="service_account_claim"),
        ]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


class Role(AccessObject):
    """Rules, as a list of Kubernetes' PolicyRules; without a namespace, a ClusterRole."""

    rules = models.JSONField(default=list, blank=True)


class RoleBinding(AccessObject):
    """Gives the rules of a Role to subjects; without a namespace, a ClusterRoleBinding.

    ``role_kind`` is ``Role`` (of the same namespace) or ``ClusterRole``.
    """

    role_kind = models.CharField(max_length=16)
    role_name = models.CharField(max_length=253)


class RoleBindingSubject(models.Model):
    """A ServiceAccount that a binding names, which need not exist."""

    binding = models.ForeignKey(RoleBinding, on_delete=models.CASCADE, related_name="subjects")
    namespace = models.CharField(max_length=253)
    name = models.CharField(max_length=253)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["binding", "namespace", "name"], name="role_binding_subject_once"
            )
        ]
        indexes = [
            # What binds a ServiceAccount.
            models.Index(fields=["namespace", "name"], name="role_binding_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
