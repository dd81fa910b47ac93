"""Reads tenants and projects."""

from uuid import UUID

from django.db.models import QuerySet

from common.errors import NotFoundError
from projects.models import Project, ProjectConfig, Tenant
from projects.models.tenant import DEFAULT_TENANT
from rbac.actors import Actor


def default_tenant() -> Tenant:
    """Return the tenant that answers when none is named, making it the first time."""
    tenant, _ = Tenant.objects.get_or_create(name=DEFAULT_TENANT)
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
    """Return the projects of ``tenant`` in which ``actor`` has a role, by name."""
    projects = projects_in(tenant)
    if actor.tenant_uid is not None and actor.tenant_uid != tenant.uid:
        return projects.none()
    here = [grant for grant in actor.grants if grant.tenant_uid == tenant.uid]
    if actor.is_operator or any(grant.project_uid is None for grant in here):
        return projects
    return projects.filter(uid__in=[grant.project_uid for grant in here])


def project_config_of(project: Project) -> ProjectConfig:
    """Return a project's configuration.

    Raises:
        NotFoundError: It has none.
    """
    config = ProjectConfig.objects.filter(project=project).select_related("project").first()
    if config is None:
        raise NotFoundError(f'projectconfigs.kargo.akuity.io "{project.name}" not found')
    return config


def tenant_names() -> dict[UUID, str]:
    """Return the name of every tenant, by uid."""
    return dict(Tenant.objects.values_list("uid", "name"))
