"""``DELETE /v1beta1/resources``."""

from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import PlatformError
from common.jsontypes import JSONObject, as_object, as_text
from common.rest.errors import error_message
from common.rest.requests import MANIFESTS_LIMIT_BYTES
from projects.rest import TenantView
from projects.selectors import project_named
from promotions.api.v1beta1.resources import Batch, documents_in, place_of
from promotions.manifests.kinds import kind_of
from promotions.manifests.secret import REDACTED
from promotions.selectors.promotion_requests import request_named
from promotions.selectors.timeline import promotion_named
from promotions.services.apply import Mode
from promotions.services.delete_kinds import delete_document
from rbac.authorizer import SIGNED_IN
from rbac.services import require_at

_VALUES = ("data", "stringData")


class DeleteResources(TenantView):
    """Deletes what manifests name, Projects last. Rights are asked for by document.

    Several that fail are told one by one; a single one that fails is the request's failure.
    """

    access_verb = SIGNED_IN
    body_limit_bytes = MANIFESTS_LIMIT_BYTES

    def delete(self, request: Request, **_: str) -> Response:
        batch = Batch(self.tenant, self.actor, Mode.UPDATE, self.now)
        documents = sorted(documents_in(request), key=lambda it: it.get("kind") == "Project")
        if len(documents) == 1:
            return Response({"results": [_delete(documents[0], batch)]})
        return Response({"results": [_delete_or_tell(it, batch) for it in documents]})


def _delete_or_tell(document: JSONObject, batch: Batch) -> dict[str, Any]:
    try:
        return _delete(document, batch)
    except PlatformError as error:
        return {"error": error_message(error)}


def _delete(document: JSONObject, batch: Batch) -> dict[str, Any]:
    _authorize(document, batch)
    delete_document(document, tenant=batch.tenant, actor=batch.actor, now=batch.now)
    return {"deletedResourceManifest": _without_values(document)}


def _authorize(document: JSONObject, batch: Batch) -> None:
    kind = kind_of(document)
    metadata = as_object(document.get("metadata"))
    name = as_text(metadata.get("name"))
    scope = place_of(kind, metadata, batch)
    may = partial(require_at, batch.actor, scope)
    may(verb="delete", resource=kind.plural, name=name)
    if kind.name == "Promotion":
        stage = _stage_of(name, namespace=as_text(metadata.get("namespace")), batch=batch)
        may(verb="promote", resource="stages", name=stage)
    if kind.name == "PromotionRequest":
        project = project_named(batch.tenant, as_text(metadata.get("namespace")))
        may(verb="promote", resource="stages", name=request_named(project, name).stage.name)


def _stage_of(promotion: str, *, namespace: str, batch: Batch) -> str:
    """Return the Stage of a stored promotion: the document may say anything.

    Raises:
        NotFoundError: There is no such promotion.
    """
    return promotion_named(project_named(batch.tenant, namespace), promotion).stage.name


def _without_values(document: JSONObject) -> dict[str, Any]:
    """Return the document as it came; of a Secret without its values."""
    if document.get("kind") != "Secret":
        return dict(document)
    hidden = {
        part: dict.fromkeys(as_object(document[part]), REDACTED)
        for part in _VALUES
        if part in document
    }
    return {**document, **hidden}
