"""Reads tenants and projects."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from common.errors import NotFoundError
from common.jsontypes import JSONObject, as_object
from projects.models import ClusterConfig, ControlPlane, Project, ProjectConfig, Tenant
from projects.models.tenant import DEFAULT_TENANT
from rbac.actors import Actor
from rbac.authorizer import is_allowed
from rbac.models import Identity, Membership, ServiceAccount, User
from rbac.namespaces import KARGO_NAMESPACE
from rbac.services import make_system_roles


def default_tenant() -> Tenant:
    """Return the tenant that answers when none is named, making it the first time."""
    tenant, is_new = Tenant.objects.get_or_create(name=DEFAULT_TENANT)
    if is_new:
        make_system_roles(tenant_uid=tenant.uid, now=tenant.created_at)
    return tenant


def tenant_named(name: str) -> Tenant:
    """Return a tenant.

    Raises:
        NotFoundError: There is none of that name.
    """
    if name == DEFAULT_TENANT:
        return default_tenant()
    tenant = Tenant.objects.filter(name=name).first()
    if tenant is None:
        raise NotFoundError(f'tenant "{name}" not found')
    return tenant


def open_tenants(uids: Iterable[UUID]) -> frozenset[UUID]:
    """Return those of these tenants that are neither suspended nor being deleted."""
    rows = Tenant.objects.filter(uid__in=list(uids), suspended_at__isnull=True)
    return frozenset(rows.values_list("uid", flat=True))


def known_tenants() -> frozenset[str]:
    """Return the uids of all tenants, as texts."""
    return frozenset(map(str, Tenant.objects.values_list("uid", flat=True)))


def is_suspended(tenant: Tenant) -> bool:
    """Return whether a tenant is suspended, or is being deleted, by now."""
    return not Tenant.objects.filter(pk=tenant.pk, suspended_at__isnull=True).exists()


def any_tenant_named(name: str) -> Tenant:
    """Return a tenant of whatever state, and make none; for those who see to tenants.

    Raises:
        NotFoundError: There is none of that name.
    """
    tenant = Tenant.objects.filter(name=name).first()
    if tenant is None:
        raise NotFoundError(f'tenant "{name}" not found')
    return tenant


def tenants_after(name: str, *, containing: str = "") -> QuerySet[Tenant]:
    """Return the tenants whose names come after ``name`` and contain a text, by name."""
    rows = Tenant.objects.filter(name__gt=name).order_by("name")
    return rows.filter(name__icontains=containing) if containing else rows


def project_named(tenant: Tenant, name: str) -> Project:
    """Return a project of ``tenant``, with the tenant at hand.

    Raises:
        NotFoundError: The tenant has none of that name.
    """
    project = projects_in(tenant).filter(name=name).first()
    if project is None:
        raise NotFoundError(f'projects.kargo.akuity.io "{name}" not found')
    return project


def projects_in(tenant: Tenant) -> QuerySet[Project]:
    """Return a tenant's projects, by name."""
    return Project.objects.filter(tenant=tenant).select_related("tenant").order_by("name", "pk")


def visible_projects(actor: Actor, tenant: Tenant) -> QuerySet[Project]:
    """Return the projects of ``tenant`` that exist for ``actor``, by name.

    Those are all for whoever may list the tenant's projects, else those where they have a role.
    """
    projects = projects_in(tenant)
    if is_allowed(actor, verb="list", resource="projects", tenant_uid=tenant.uid):
        return projects
    return projects.filter(uid__in=own_projects(actor, tenant))


def own_projects(actor: Actor, tenant: Tenant) -> set[UUID]:
    """Return the uids of the projects that ``actor`` holds a role of, and no wider one."""
    if actor.tenant_uid not in {None, tenant.uid}:
        return set()
    return {
        grant.project_uid
        for grant in actor.grants
        if grant.tenant_uid == tenant.uid and grant.project_uid is not None
    }


def project_config_of(project: Project) -> ProjectConfig:
    """Return a project's configuration.

    Raises:
        NotFoundError: It has none.
    """
    config = ProjectConfig.objects.filter(project=project).select_related("project").first()
    if config is None:
        raise NotFoundError(f'projectconfigs.kargo.akuity.io "{project.name}" not found')
    return config


def project_spec(project: Project) -> JSONObject:
    """Return what a project's configuration says; nothing without one.

    Costs no query where the project came with its ``configs``.
    """
    return next((as_object(it.spec) for it in project.configs.all()), {})


def tenant_spec(tenant: Tenant) -> JSONObject:
    """Return what a tenant's configuration says, as :func:`project_spec`."""
    return next((as_object(it.spec) for it in tenant.cluster_configs.all()), {})


def cluster_config_of(tenant: Tenant) -> ClusterConfig:
    """Return a tenant's configuration.

    Raises:
        NotFoundError: It has none.
    """
    config = ClusterConfig.objects.filter(tenant=tenant).select_related("tenant").first()
    if config is None:
        raise NotFoundError('clusterconfigs.kargo.akuity.io "cluster" not found')
    return config


def other_tenants(actor: Actor, tenant: Tenant) -> list[Tenant]:
    """Return the tenants that somebody may go to from ``tenant``, by name; costs nothing if none.

    Operators go by the administration.
    """
    uids = {grant.tenant_uid for grant in actor.grants} - {tenant.uid}
    if not uids:
        return []
    return list(Tenant.objects.filter(uid__in=uids, suspended_at__isnull=True).order_by("name"))


def tenant_names() -> dict[UUID, str]:
    """Return the name of every tenant, by uid."""
    return dict(Tenant.objects.values_list("uid", "name"))


def members_of(tenant: Tenant, project: Project | None) -> QuerySet[Membership]:
    """Return who holds which role of a project or, without one, of the tenant; by username."""
    rows = Membership.objects.filter(
        tenant_uid=tenant.uid, project_uid=project.uid if project else None
    )
    return rows.select_related("user").order_by("user__username", "role", "pk")


def person_named(tenant: Tenant, text: str) -> User:
    """Return the account of that username or e-mail address, as far as it exists for ``tenant``.

    Accounts that only another tenant's identity provider vouches for do not.

    Raises:
        NotFoundError: There is none, or the address is that of several.
    """
    elsewhere = Identity.objects.exclude(tenant_uid=tenant.uid).exclude(tenant_uid__isnull=True)
    here = Identity.objects.filter(Q(tenant_uid=tenant.uid) | Q(tenant_uid__isnull=True))
    users = User.objects.filter(is_active=True).exclude(
        Q(pk__in=elsewhere.values("user")) & ~Q(pk__in=here.values("user"))
    )
    found = list(users.filter(username=text)[:1]) if text else []
    found = found or (list(users.filter(email__iexact=text)[:2]) if text else [])
    if len(found) > 1:
        raise NotFoundError(f'Several accounts have the address "{text}"; name one by username.')
    if not found:
        raise NotFoundError(
            f'There is no account "{text}"; people have one once they have signed in.'
        )
    return found[0]


def roles_in(tenant: Tenant, project: Project | None) -> QuerySet[ServiceAccount]:
    """Return the roles of a project or, without one, the system roles of the tenant; by name."""
    rows = ServiceAccount.objects.filter(tenant_uid=tenant.uid)
    if project is not None:
        return rows.filter(project_uid=project.uid).order_by("name", "pk")
    return rows.filter(project_uid__isnull=True, namespace=KARGO_NAMESPACE).order_by("name", "pk")


def runs_jobs(tenant: Tenant) -> bool:
    """Return whether jobs of analysis runs, and so their logs, can be had in a tenant."""
    if settings.LOCAL_JOBS:
        return True
    planes = ControlPlane.objects.filter(tenant=tenant, is_enabled=True)
    return planes.filter(kind="kubernetes").exists()


def argocd_shards(tenant: Tenant) -> dict[str, dict[str, str]]:
    """Return where people see the Argo CD of each shard, and its namespace; the default is ``""``.

    Shards without one are there too, if the operator has named them. Where a shard has several,
    the one for all projects is meant, or else the first by name.
    """
    shown = {shard: {"url": "", "namespace": ""} for shard in settings.SHARDS}
    planes = ControlPlane.objects.filter(tenant=tenant, is_enabled=True).order_by("-name")
    for plane in sorted(planes, key=lambda it: not it.spec.get("projects")):
        address = plane.spec.get("address", "") if plane.kind == "rest" else ""
        shown[plane.shard] = {
            "url": plane.spec.get("uiUrl") or address,
            "namespace": plane.spec.get("defaultNamespace", ""),
        }
    return shown
