"""Who holds which role of a project, or of the tenant; giving and taking back roles."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from common.clock import now
from common.errors import NotFoundError, PlatformError
from projects.models import Project, Tenant
from projects.selectors import members_of, roles_in
from projects.services.members import grant_member, revoke_member
from projects.web import ProjectMixin, TenantMixin
from promotions.portal.frame import ProjectPage, TenantPage
from rbac.actors import Actor
from rbac.authorizer import is_allowed
from rbac.labels import DESCRIPTION
from rbac.models import Membership, ServiceAccount, User

_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody, and the roles that they hold by themselves."""

    user: User
    held: list[Membership]


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role, what it is for, and the claims that lead people to it."""

    name: str
    description: str
    claims: dict[str, list[str]]


class TenantMembers(TenantPage):
    access_resource = "rolebindings"
    access_verb = "list"
    template_name = "promotions/members.html"
    fragment_name = "promotions/_members.html"

    def context(self) -> dict[str, Any]:
        shown = _shown(self.request, self.actor, self.tenant, None)
        return self.frame(section="members", **shown)


class ProjectMembers(ProjectPage):
    access_resource = "rolebindings"
    access_verb = "list"
    section = "members"
    template_name = "promotions/members.html"
    fragment_name = "promotions/_members.html"

    def context(self) -> dict[str, Any]:
        return self.frame(**_shown(self.request, self.actor, self.tenant, self.project))


class GrantTenantRole(TenantMixin):
    access_resource = "rolebindings"
    access_verb = "create"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        return _grant(request, self.actor, self.tenant, None)


class GrantProjectRole(ProjectMixin):
    access_resource = "rolebindings"
    access_verb = "create"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        return _grant(request, self.actor, self.tenant, self.project)


class RevokeTenantRole(TenantMixin):
    access_resource = "rolebindings"
    access_verb = "delete"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        return _revoke(request, self.actor, self.tenant, None)


class RevokeProjectRole(ProjectMixin):
    access_resource = "rolebindings"
    access_verb = "delete"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        return _revoke(request, self.actor, self.tenant, self.project)


def _shown(
    request: HttpRequest, actor: Actor, tenant: Tenant, project: Project | None
) -> dict[str, Any]:
    rows = members_of(tenant, project)
    names = rows.order_by("user__username").values_list("user__username", flat=True).distinct()
    page = Paginator(names, _PEOPLE).get_page(request.GET.get("page"))
    wanted = rows.filter(user__username__in=list(page.object_list))
    roles = [_role_row(account) for account in roles_in(tenant, project)]
    return {
        "members": [Member(user, list(held)) for user, held in groupby(wanted, lambda it: it.user)],
        "page": page,
        "roles": roles,
        "can_grant": _may(actor, tenant, project, verb="create"),
        "can_revoke": _may(actor, tenant, project, verb="delete"),
        "grant_url": _address("grant-role", project),
        "revoke_url": _address("revoke-role", project),
        "place": project.name if project else tenant.name,
        "person": request.GET.get("person", ""),
    }


def _role_row(account: ServiceAccount) -> RoleRow:
    description = account.annotations.get(DESCRIPTION, "")
    return RoleRow(account.name, description, dict(account.claims))


def _may(actor: Actor, tenant: Tenant, project: Project | None, *, verb: str) -> bool:
    return is_allowed(
        actor,
        verb=verb,
        resource="rolebindings",
        tenant_uid=tenant.uid,
        project_uid=project.uid if project else None,
    )


def _grant(
    request: HttpRequest, actor: Actor, tenant: Tenant, project: Project | None
) -> HttpResponseBase:
    person, role = _posted(request, "person"), _posted(request, "role")
    try:
        if not person or not role:
            raise NotFoundError("Name a person and choose a role.")
        made = grant_member(tenant, project, person, role, actor=actor, now=now())
    except PlatformError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{made.user.username} holds {made.role} now.")
    return redirect(_address("members", project))


def _revoke(
    request: HttpRequest, actor: Actor, tenant: Tenant, project: Project | None
) -> HttpResponseBase:
    username, role = _posted(request, "username"), _posted(request, "role")
    try:
        revoke_member(tenant, project, username, role, actor=actor, now=now())
    except PlatformError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{username} does not hold {role} any more.")
    return redirect(_address("members", project))


def _posted(request: HttpRequest, key: str) -> str:
    return request.POST.get(key, "").replace("\0", "").strip()


def _address(name: str, project: Project | None) -> str:
    if project is None:
        return reverse(f"portal:tenant-{name}")
    return reverse(f"portal:{name}", args=[project.name])
