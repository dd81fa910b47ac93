"""A project with its default roles, and what tests of roles send."""

from typing import Any

from django.test import Client

from projects.models import Project
from rbac.actors import operator_at_console
from rbac.models import User
from rbac.rules import KARGO
from rbac.services import make_project_roles, make_system_roles
from tests.factories.domain import NOON
from tests.factories.people import grant, make_person

P = "/v1beta1/projects/demo"
MANAGED = "rbac.kargo.akuity.io/managed"
DESCRIPTION = "kargo.akuity.io/description"


def with_roles(project: Project) -> Project:
    """Return a project with the roles that services would have made for it and its tenant."""
    make_project_roles(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace=project.name,
        creator=operator_at_console("tests"),
        now=NOON,
    )
    make_system_roles(tenant_uid=project.tenant.uid, now=NOON)
    return project


def member(username: str, role: str, project: Project) -> User:
    """Return somebody new who holds a role of a project."""
    user = make_person(username)
    grant(user, role, tenant=project.tenant, project=project)
    return user


def body(name: str = "deployer", **parts: Any) -> dict[str, Any]:
    """Return a role of ``demo`` as a client sends it."""
    return {"metadata": {"name": name, "namespace": "demo"}, **parts}


def send(client: Client, method: str, path: str, document: object = None) -> Any:
    """Send a document as JSON."""
    given = {} if document is None else {"data": document}
    return getattr(client, method)(path, content_type="application/json", **given)


def rule(resource: str, *verbs: str, group: str = KARGO, name: str = "") -> dict[str, Any]:
    """Return one rule as it is shown."""
    names = {"resourceNames": [name]} if name else {}
    return {"apiGroups": [group], "resources": [resource], **names, "verbs": sorted(verbs)}
