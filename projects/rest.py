"""The frame of the REST API's views: a tenant, and mostly a project, from the address."""

from django.http import HttpRequest
from rest_framework.response import Response

from common.clock import now
from projects.models import Project, Tenant
from projects.models.tenant import DEFAULT_TENANT
from projects.services.access import enter_project, enter_tenant, scope_of
from rbac.authorizer import Scope
from rbac.rest.views import GuardedView


class TenantView(GuardedView):
    """A view under ``/v1beta1`` or ``/t/<tenant>/v1beta1``; ``tenant`` is who it is about."""

    tenant: Tenant

    def setup(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        """Read the clock once, for everything that the request does."""
        super().setup(request, *args, **kwargs)
        self.now = now()

    @property
    def tenant_name(self) -> str:
        """The tenant that the address names, which need not exist."""
        return str(self.kwargs.get("tenant", DEFAULT_TENANT))

    def enter(self) -> Scope:
        """Find the tenant."""
        self.tenant = enter_tenant(self.actor, self.tenant_name)
        return Scope(self.tenant.uid)


class ProjectView(TenantView):
    """A view under ``…/projects/<project>``."""

    project: Project

    def enter(self) -> Scope:
        """Find the project: a missing one is 404 whatever the caller's rights."""
        super().enter()
        self.project = enter_project(self.actor, self.tenant, self.kwargs["project"])
        return scope_of(self.project)


def gone() -> Response:
    """Return the answer to a deletion: 204 and no body."""
    return Response(status=204)


def done() -> Response:
    """Return the answer to an action: 200 and no body, as Kargo's clients expect."""
    response = Response(status=200)
    response["Content-Length"] = "0"
    return response
