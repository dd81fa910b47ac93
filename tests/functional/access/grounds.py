"""What the matrix asks for: a tenant in which everything that an address can name is there."""

from dataclasses import dataclass
from datetime import datetime

from projects.models import Project, Tenant
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import create_identity_provider
from promotions.services.control_plane_specs import manifest_of
from promotions.services.control_planes import register_control_plane
from promotions.services.previews import request_preview
from rbac.actors import Actor
from rbac.models import ServiceAccount
from rbac.namespaces import KARGO_NAMESPACE
from rbac.services import issue_role_token, make_system_roles
from tests.factories.domain import make_tenant
from tests.factories.rich import make_rich
from tests.functional.access.people import Callers


@dataclass(frozen=True, slots=True)
class Grounds:
    """A tenant, its project, and what stands for the variables of addresses in them."""

    tenant: Tenant
    project: Project
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class World:
    """The grounds, and those who ask for them."""

    grounds: Grounds
    callers: Callers


def make_grounds(*, actor: Actor, now: datetime) -> Grounds:
    """Return the tenant ``acme`` with its project ``demo``, which has everything."""
    tenant = make_tenant("acme")
    make_system_roles(tenant_uid=tenant.uid, now=now)
    rich = make_rich(tenant)
    for namespace, role in ((rich.project.name, "kargo-viewer"), (KARGO_NAMESPACE, "kargo-user")):
        account = ServiceAccount.objects.get(tenant_uid=tenant.uid, namespace=namespace, name=role)
        issue_role_token(account, name="ci", expires_at=None, actor=actor, now=now)
    spec = ProviderSpec(name="corp", issuer="http://127.0.0.1:1", client_id="kargo")
    for owner in (tenant, None):
        create_identity_provider(owner, spec, actor=actor, now=now)
    address = {"kind": "rest", "address": "http://127.0.0.1:1", "credential": {"token": "secret"}}
    register_control_plane(tenant, manifest_of("argocd", address), actor=actor, now=now)
    preview = request_preview(rich.test, rich.spare, actor=actor, now=now)
    names = {
        "project": rich.project.name,
        "warehouse": rich.warehouse.name,
        "stage": rich.test.name,
        "freight": rich.spare.name,
        "held": rich.held.name,
        "promotion": rich.waiting.name,
        "preview": str(preview.uid),
        "uid": str(preview.uid),
        "task": "deploy",
        "template": "check",
        "run": "test.1",
        "role": "kargo-viewer",
        "apitoken": "ci",
        "name": "settings",
        "alias": "step-1",
        "username": "bob",
        "tenant": tenant.name,
        "provider": "corp",
        "plane": "argocd",
        "sequence": "1",
    }
    return Grounds(tenant, rich.project, names)
