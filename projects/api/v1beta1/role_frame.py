"""The frame of the views about roles and their tokens: where the roles are, and who may."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework.request import Request

from common.errors import InvalidError
from common.rest.errors import error_message
from common.rest.requests import bad_request, flag_of
from projects.rest import ProjectView, TenantView
from rbac.authorizer import Scope
from rbac.namespaces import KARGO_NAMESPACE
from rbac.selectors.role_documents import kargo_role_document, role_resources_document
from rbac.selectors.roles import KargoRole
from rbac.services import require

_OTHER_PARTS = ("serviceaccounts", "rolebindings")


class ProjectAccessView(ProjectView):
    """A view about roles or tokens of a project."""

    @property
    def where(self) -> Scope:
        """Where the roles are."""
        return Scope(self.tenant.uid, self.project.uid, self.project.name)


class SystemAccessView(TenantView):
    """A view about the tenant's own roles or tokens."""

    @property
    def where(self) -> Scope:
        """Where the roles are."""
        return Scope(self.tenant.uid, namespace=KARGO_NAMESPACE)

    def enter(self) -> Scope:
        """Find the tenant; rights are asked for in its own namespace."""
        super().enter()
        return self.where


AccessView = ProjectAccessView | SystemAccessView


def require_parts(view: AccessView, *, name: str = "") -> None:
    """Return if the caller may do to a role's other parts what the class says for its Role.

    Raises:
        ForbiddenError: They may not.
    """
    for resource in _OTHER_PARTS:
        require_one(view, resource, verb=view.access_verb, name=name)


def require_one(view: AccessView, resource: str, *, verb: str, name: str = "") -> None:
    """Return if the caller may do something more where the view is.

    Raises:
        ForbiddenError: They may not.
    """
    where = view.where
    require(
        view.actor,
        verb=verb,
        resource=resource,
        tenant_uid=where.tenant_uid,
        project_uid=where.project_uid,
        namespace=where.namespace,
        name=name,
    )


def shown(role: KargoRole, request: Request) -> dict[str, Any]:
    """Return a role, or with ``?as-resources=true`` what it is made of."""
    if flag_of(request.query_params, "as-resources"):
        return role_resources_document(role)
    return kargo_role_document(role)


@contextmanager
def bad_input() -> Iterator[None]:
    """Answer what is wrong about a role with 400, as Kargo does, rather than 422."""
    try:
        yield
    except InvalidError as error:
        raise bad_request(error_message(error)) from error
