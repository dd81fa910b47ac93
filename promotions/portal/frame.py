"""What every page of the portal shares: the time, the actor, and fragment or whole page."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.generic import View
from django.views.generic.base import TemplateResponseMixin

from common.clock import now
from common.errors import NotFoundError
from projects.models import Project
from projects.selectors import other_tenants
from projects.web import ProjectMixin, TenantMixin
from rbac.actors import Actor
from rbac.authorizer import is_allowed


class Page(TemplateResponseMixin, View, ABC):
    """A page, or (asked by htmx) the fragment of it that has the root element's id."""

    fragment_name: ClassVar[str]

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        self.now = now()
        try:
            response = super().dispatch(request, *args, **kwargs)
        except NotFoundError as error:
            raise Http404(error.message) from error
        patch_vary_headers(response, ["HX-Request"])
        return response

    def get(self, _request: HttpRequest, **_: object) -> HttpResponseBase:
        return self.render_to_response(self.context())

    @abstractmethod
    def context(self) -> dict[str, Any]:
        """Return what the templates show: :meth:`frame` with the page's own values."""

    def frame(self, **values: Any) -> dict[str, Any]:
        """Return ``values`` with those that every page has."""
        return {"now": self.now, **values}

    def get_template_names(self) -> list[str]:
        if self.request.headers.get("HX-Request"):
            return [self.fragment_name]
        return [str(self.template_name)]


class TenantPage(TenantMixin, Page):
    """A page of a tenant."""

    def frame(self, **values: Any) -> dict[str, Any]:
        sees_members = is_allowed(
            self.actor, verb="list", resource="rolebindings", tenant_uid=self.tenant.uid
        )
        return super().frame(
            tenant=self.tenant,
            other_tenants=other_tenants(self.actor, self.tenant),
            sees_tenant_members=sees_members,
            sees_control_planes=is_allowed(
                self.actor, verb="list", resource="controlplanes", tenant_uid=self.tenant.uid
            ),
            **values,
        )


class ProjectPage(ProjectMixin, Page):
    """A page of a project."""

    access_verb = "get"
    section: ClassVar[str] = "pipeline"

    def frame(self, **values: Any) -> dict[str, Any]:
        return super().frame(
            tenant=self.tenant,
            other_tenants=other_tenants(self.actor, self.tenant),
            project=self.project,
            project_name=self.project.name,
            section=self.section,
            may_audit=self.may("list", "auditevents"),
            sees_members=self.may("list", "rolebindings"),
            **values,
        )

    def may(self, verb: str, resource: str) -> bool:
        return may(self.actor, self.project, verb=verb, resource=resource)


def may(actor: Actor, project: Project, *, verb: str, resource: str) -> bool:
    """Return whether to offer an act; the act itself asks again."""
    return is_allowed(
        actor,
        verb=verb,
        resource=resource,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )
