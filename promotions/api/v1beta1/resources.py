"""Applies the manifests in a request's body, one by one, each as far as the caller may.

Source: Kargo's ``create_resource`` and ``update_resource`` handlers.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request

from common.errors import ForbiddenError, InvalidError, PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from common.rest.errors import error_message
from common.rest.requests import MANIFESTS_LIMIT_BYTES, bad_request, read_body
from projects.models import Tenant
from projects.selectors import visible_projects
from projects.services.access import enter_project
from promotions.manifests.documents import read_documents
from promotions.manifests.kinds import Kind, Scope, in_todays_namespace, kind_of
from promotions.manifests.writers import write_manifest
from promotions.services.access_places import tenant_namespaces
from promotions.services.apply import Action, Mode, apply_document
from rbac import authorizer
from rbac.actors import Actor, Grant
from rbac.defaults import ADMIN, PROJECT_ROLES
from rbac.services import require_at

_VERBS = {Mode.CREATE: "create", Mode.UPDATE: "update"}


@dataclass(frozen=True, slots=True)
class Batch:
    """Who applies to which tenant, how and when."""

    tenant: Tenant
    actor: Actor
    mode: Mode
    now: datetime


def documents_in(request: Request) -> list[JSONObject]:
    """Return the manifests in a body, Projects first, in the namespaces where they are saved.

    Raises:
        InvalidError: The body is too long, neither YAML nor JSON, or empty.
    """
    body = read_body(request, limit_bytes=MANIFESTS_LIMIT_BYTES)
    try:
        documents = [in_todays_namespace(document.content) for document in read_documents(body)]
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
    results = []
    for document in given:
        results.append(_apply_or_tell(document, batch))
        batch = _with_new_project(batch, results[-1])
    return {"results": results}


def _apply_or_tell(document: JSONObject, batch: Batch) -> dict[str, Any]:
    try:
        return _apply(document, batch)
    except PlatformError as error:
        return {"error": error_message(error)}


def _with_new_project(batch: Batch, result: dict[str, Any]) -> Batch:
    """Return the batch with what its actor, as a new project's creator, may do in the project."""
    created = result.get("createdResourceManifest", {})
    if created.get("kind") != "Project":
        return batch
    grant = Grant(
        ADMIN,
        batch.tenant.uid,
        project_uid=UUID(created["metadata"]["uid"]),
        rules=PROJECT_ROLES[ADMIN],
    )
    return replace(batch, actor=replace(batch.actor, grants=(*batch.actor.grants, grant)))


def _apply(document: JSONObject, batch: Batch) -> dict[str, Any]:
    """Apply one manifest; an upsert asks for the right to do what it turns out to be."""
    require_one = _question_of(document, batch)
    require_one(*(("update", "create") if batch.mode is Mode.UPSERT else (_VERBS[batch.mode],)))
    with transaction.atomic():
        applied = apply_document(
            document, tenant=batch.tenant, actor=batch.actor, now=batch.now, mode=batch.mode
        )
        is_new = applied.action is Action.CREATED
        require_one("create" if is_new else "update")
    key = "createdResourceManifest" if is_new else "updatedResourceManifest"
    return {key: write_manifest(applied.resource) if applied.resource is not None else {}}


def _question_of(document: JSONObject, batch: Batch) -> Callable[..., None]:
    """Return what refuses who may do none of the verbs it is given to a manifest's object.

    Of a Promotion it asks whether they may create it and promote to its Stage, whatever the verbs;
    of a PromotionRequest, whether they may promote to its Stage besides.
    """
    kind, metadata = kind_of(document), as_object(document.get("metadata"))
    name, scope = as_text(metadata.get("name")), place_of(kind, metadata, batch)
    stage = as_text(as_object(document.get("spec")).get("stage"))

    def may(verb: str, resource: str, name: str) -> None:
        require_at(batch.actor, scope, verb=verb, resource=resource, name=name)

    def require_one(*verbs: str) -> None:
        if kind.name == "Promotion":
            may("create", kind.plural, name)
            may("promote", "stages", stage)
            return
        if kind.name == "PromotionRequest":
            may("promote", "stages", stage)
        for verb in verbs[1:]:
            with suppress(ForbiddenError):
                may(verb, kind.plural, name)
                return
        may(verbs[0], kind.plural, name)

    return require_one


def place_of(kind: Kind, metadata: JSONObject, batch: Batch) -> authorizer.Scope:
    """Return where the right is asked for; a project that is not there yet is the tenant's.

    Raises:
        InvalidError: The kind needs a namespace, and there is none.
        NotFoundError: The namespace is no project that the actor may know of.
    """
    tenant, namespace = batch.tenant, as_text(metadata.get("namespace"))
    if kind.name == "Project" and batch.mode is not Mode.CREATE:
        name = as_text(metadata.get("name"))
        project = visible_projects(batch.actor, tenant).filter(name=name).first()
        return authorizer.Scope(tenant.uid, project.uid if project else None)
    if kind.scope is Scope.TENANT:
        return authorizer.Scope(tenant.uid)
    if namespace in tenant_namespaces(kind.name):
        return authorizer.Scope(tenant.uid, namespace=namespace)
    if not namespace:
        raise InvalidError(f"metadata.namespace is required: the project of the {kind.name}")
    return authorizer.Scope(tenant.uid, enter_project(batch.actor, tenant, namespace).uid)
