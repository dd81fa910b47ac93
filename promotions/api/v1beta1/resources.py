"""Applies the manifests in a request's body, one by one, each as far as the caller may.

Source: Kargo's ``create_resource`` and ``update_resource`` handlers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from common.rest.errors import error_message
from common.rest.requests import MANIFESTS_LIMIT_BYTES, bad_request, read_body
from projects.models import Tenant
from projects.selectors import visible_projects
from projects.services.access import enter_project
from promotions.manifests.documents import read_documents
from promotions.manifests.kinds import Kind, Scope, kind_of
from promotions.manifests.writers import write_manifest
from promotions.services.apply import Action, Mode, apply_document
from promotions.services.apply_kinds import TENANT_NAMESPACES
from rbac import authorizer
from rbac.actors import Actor
from rbac.services import require

_VERBS = {
    Mode.CREATE: ("create",),
    Mode.UPDATE: ("update",),
    Mode.UPSERT: ("update", "create"),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """Who applies to which tenant, how and when."""

    tenant: Tenant
    actor: Actor
    mode: Mode
    now: datetime


def documents_in(request: Request) -> list[JSONObject]:
    """Return the manifests in a body, Projects first.

    Raises:
        InvalidError: The body is too long, neither YAML nor JSON, or empty.
    """
    body = read_body(request, limit_bytes=MANIFESTS_LIMIT_BYTES)
    try:
        documents = [document.content for document in read_documents(body)]
    except InvalidError as error:
        raise bad_request(error_message(error)) from error
    if not documents:
        raise bad_request("no resources found in request body")
    return sorted(documents, key=lambda document: document.get("kind") != "Project")


def apply_all(documents: Iterable[JSONObject], batch: Batch) -> dict[str, Any]:
    """Apply manifests and return what became of each.

    Several that fail are told one by one and the rest stay applied; a single one that fails is
    the request's failure.

    Raises:
        PlatformError: There is one document, and something is wrong with it.
    """
    given = list(documents)
    if len(given) == 1:
        return {"results": [_apply(given[0], batch)]}
    return {"results": [_apply_or_tell(document, batch) for document in given]}


def _apply_or_tell(document: JSONObject, batch: Batch) -> dict[str, Any]:
    try:
        return _apply(document, batch)
    except PlatformError as error:
        return {"error": error_message(error)}


def _apply(document: JSONObject, batch: Batch) -> dict[str, Any]:
    _authorize(document, batch)
    applied = apply_document(
        document, tenant=batch.tenant, actor=batch.actor, now=batch.now, mode=batch.mode
    )
    is_new = applied.action is Action.CREATED
    key = "createdResourceManifest" if is_new else "updatedResourceManifest"
    return {key: write_manifest(applied.resource) if applied.resource is not None else {}}


def _authorize(document: JSONObject, batch: Batch) -> None:
    kind = kind_of(document)
    metadata = as_object(document.get("metadata"))
    scope = _scope(kind, metadata, batch)
    is_promotion = kind.name == "Promotion"
    verbs = ("create",) if is_promotion else _VERBS[batch.mode]
    asked = [(verb, kind.plural, as_text(metadata.get("name"))) for verb in verbs]
    if is_promotion:
        stage = as_text(as_object(document.get("spec")).get("stage"))
        asked.append(("promote", "stages", stage))
    for verb, resource, name in asked:
        require(
            batch.actor,
            verb=verb,
            resource=resource,
            tenant_uid=scope.tenant_uid,
            project_uid=scope.project_uid,
            name=name,
        )


def _scope(kind: Kind, metadata: JSONObject, batch: Batch) -> authorizer.Scope:
    """Return where the right is asked for; a project that is not there yet is the tenant's."""
    tenant, namespace = batch.tenant, as_text(metadata.get("namespace"))
    if kind.name == "Project" and batch.mode is not Mode.CREATE:
        name = as_text(metadata.get("name"))
        project = visible_projects(batch.actor, tenant).filter(name=name).first()
        return authorizer.Scope(tenant.uid, project.uid if project else None)
    if kind.scope is Scope.TENANT or namespace in TENANT_NAMESPACES:
        return authorizer.Scope(tenant.uid)
    if not namespace:
        raise InvalidError(f"metadata.namespace is required: the project of the {kind.name}")
    return authorizer.Scope(tenant.uid, enter_project(batch.actor, tenant, namespace).uid)
