"""The frame of the portal's pages: a tenant, and mostly a project, from the address.

Pages take the names from their routes' ``tenant`` and ``project``; without ``tenant`` it is the
default one.
"""

from projects.models import Project, Tenant
from projects.models.tenant import DEFAULT_TENANT
from projects.services.access import enter_project, enter_tenant, scope_of
from rbac.authorizer import Scope
from rbac.web import AccessMixin


class TenantMixin(AccessMixin):
    """A page of a tenant."""

    tenant: Tenant

    def enter(self) -> Scope:
        """Find the tenant."""
        self.tenant = enter_tenant(self.actor, self.kwargs.get("tenant", DEFAULT_TENANT))
        return Scope(self.tenant.uid)


class ProjectMixin(TenantMixin):
    """A page of a project."""

    project: Project

    def enter(self) -> Scope:
        """Find the project."""
        super().enter()
        self.project = enter_project(self.actor, self.tenant, self.kwargs["project"])
        return scope_of(self.project)
