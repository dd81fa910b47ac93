"""Gives the tenants and projects that are there already the roles that new ones get."""

from django.db import migrations

_PROJECT_ROLES = ("kargo-admin", "kargo-promoter", "kargo-viewer")
_SYSTEM_ROLES = (
    "kargo-admin",
    "kargo-project-creator",
    "kargo-user",
    "kargo-viewer",
    "tenant-admin",
)
_MANAGED = {"rbac.kargo.akuity.io/managed": "true"}


def make_default_roles(apps, schema_editor):
    accounts = apps.get_model("rbac", "ServiceAccount").objects
    for tenant in apps.get_model("projects", "Tenant").objects.all():
        for name in _SYSTEM_ROLES:
            accounts.create(
                tenant_uid=tenant.uid,
                namespace="kargo",
                name=name,
                labels={"rbac.kargo.akuity.io/system-role": "true"},
                annotations=_MANAGED,
                is_default=True,
            )
    projects = apps.get_model("projects", "Project").objects.filter(deleted_at__isnull=True)
    for project in projects.select_related("tenant"):
        for name in _PROJECT_ROLES:
            accounts.create(
                tenant_uid=project.tenant.uid,
                project_uid=project.uid,
                namespace=project.name,
                name=name,
                annotations=_MANAGED,
                is_default=True,
            )


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial"), ("rbac", "0002_roles")]

    operations = [
        migrations.RunPython(make_default_roles, migrations.RunPython.noop, elidable=True),
    ]
