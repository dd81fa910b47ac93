"""Where access objects are: a project, one of a tenant's own namespaces, or the tenant itself."""

from common.errors import NotFoundError
from projects.models import Tenant
from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE
from projects.selectors import projects_in
from promotions.manifests.metadata import Manifest
from rbac.authorizer import Scope
from rbac.selectors.grants import global_namespaces

CLUSTER_KINDS = frozenset({"ClusterRole", "ClusterRoleBinding"})
ACCESS_KINDS = frozenset({"Role", "RoleBinding", "ServiceAccount", *CLUSTER_KINDS})
TENANT_NAMESPACES = frozenset({SHARED_NAMESPACE, SYSTEM_NAMESPACE})


def tenant_namespaces(kind: str) -> frozenset[str]:
    """Return the namespaces that are no projects, and that objects of a kind may be in."""
    return TENANT_NAMESPACES | (global_namespaces() if kind in ACCESS_KINDS else frozenset())


def place_of_manifest(tenant: Tenant, manifest: Manifest) -> Scope:
    """Return where the access object of a manifest is; cluster-scoped ones name no namespace.

    Raises:
        NotFoundError: As :func:`access_place` does.
    """
    is_cluster = manifest.kind in CLUSTER_KINDS
    return access_place(tenant, "" if is_cluster else manifest.metadata.namespace)


def access_place(tenant: Tenant, namespace: str) -> Scope:
    """Return where the access objects of a namespace are; without one, all over the tenant.

    Raises:
        NotFoundError: It is no project, and none of the tenant's own namespaces.
    """
    if not namespace:
        return Scope(tenant.uid)
    if namespace in TENANT_NAMESPACES | global_namespaces():
        return Scope(tenant.uid, namespace=namespace)
    project = projects_in(tenant).filter(name=namespace).first()
    if project is None:
        raise NotFoundError(
            f'projects.kargo.akuity.io "{namespace}" not found; apply a Project of that name '
            "before, or with, what is in it",
            code="no_project",
        )
    return Scope(tenant.uid, project.uid, namespace)
