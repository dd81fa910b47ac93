"""Refuses what an actor may not do."""

from uuid import UUID

from common.errors import ForbiddenError
from rbac.actors import Actor
from rbac.authorizer import is_allowed

KARGO_GROUP = "kargo.akuity.io"
_OTHER_GROUPS = {
    "configmaps": "",
    "events": "",
    "secrets": "",
    "serviceaccounts": "",
    "roles": "rbac.authorization.k8s.io",
    "rolebindings": "rbac.authorization.k8s.io",
    "messagechannels": "ee.kargo.akuity.io",
    "clustermessagechannels": "ee.kargo.akuity.io",
    "analysisruns": "argoproj.io",
    "analysistemplates": "argoproj.io",
    "clusteranalysistemplates": "argoproj.io",
}


def require(
    actor: Actor,
    *,
    verb: str,
    resource: str,
    tenant_uid: UUID,
    project_uid: UUID | None = None,
    name: str = "",
) -> None:
    """Return if ``actor`` may ``verb`` that ``resource`` (a plural) there.

    ``name`` is the object's, for the message alone: rights are held on kinds.

    Raises:
        ForbiddenError: It may not; the message is Kargo's, such as
            ``stages.kargo.akuity.io "prod" is forbidden: promote is not permitted``.
    """
    if is_allowed(
        actor, verb=verb, resource=resource, tenant_uid=tenant_uid, project_uid=project_uid
    ):
        return
    group = _OTHER_GROUPS.get(resource, KARGO_GROUP)
    subject = f"{resource}.{group}" if group else resource
    quoted = f' "{name}"' if name else ""
    raise ForbiddenError(f"{subject}{quoted} is forbidden: {verb} is not permitted")
