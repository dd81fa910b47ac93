"""Refuses what an actor may not do."""

from uuid import UUID

from common.errors import ForbiddenError
from rbac.actors import Actor
from rbac.authorizer import Scope, group_asked, is_allowed


def require(
    actor: Actor,
    *,
    verb: str,
    resource: str,
    tenant_uid: UUID,
    project_uid: UUID | None = None,
    namespace: str = "",
    name: str = "",
) -> None:
    """Return if ``actor`` may ``verb`` that ``resource`` (a plural) there.

    ``namespace`` is one of the tenant's own, for what is in no project. ``name`` is the object's:
    a role may hold a right on single ones.

    Raises:
        ForbiddenError: It may not; the message is Kargo's, such as
            ``stages.kargo.akuity.io "prod" is forbidden: promote is not permitted``.
    """
    if is_allowed(
        actor,
        verb=verb,
        resource=resource,
        tenant_uid=tenant_uid,
        project_uid=project_uid,
        namespace=namespace,
        name=name,
    ):
        return
    raise ForbiddenError(refusal(verb, resource, name=name))


def require_at(actor: Actor, at: Scope, *, verb: str, resource: str, name: str = "") -> None:
    """As :func:`require`, of a place.

    Raises:
        ForbiddenError: The actor may not.
    """
    require(
        actor,
        verb=verb,
        resource=resource,
        tenant_uid=at.tenant_uid,
        project_uid=at.project_uid,
        namespace=at.namespace,
        name=name,
    )


def refusal(verb: str, resource: str, *, name: str = "") -> str:
    """Return Kargo's words for what is not permitted."""
    group = group_asked(resource)
    plural, _, _ = resource.partition("/")
    subject = f"{plural}.{group}" if group else plural
    quoted = f' "{name}"' if name else ""
    return f"{subject}{quoted} is forbidden: {verb} is not permitted"
