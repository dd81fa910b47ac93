"""``POST P/promotion-requests``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.jsontypes import JSONObject
from common.rest.requests import bad_request, read_json_object, text_of
from projects.rest import ProjectView
from promotions.manifests.writers import write_manifest
from promotions.selectors.freight import freight_named
from promotions.selectors.promotion_requests import request_named
from promotions.selectors.stages import stage_named
from promotions.services.promote_rights import require_promote
from promotions.services.promotion_requests import create_promotion_request


class CreatePromotionRequest(ProjectView):
    """Promotes Freight to the targets of a Stage, or to those of them that ``targets`` names.

    Besides the right to create requests it asks for the right to promote to the Stage.
    """

    access_resource = "promotionrequests"
    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        body = read_json_object(request)
        stage = stage_named(self.project, _required(body, "stage"))
        require_promote(self.actor, stage)
        freight = freight_named(self.project, _required(body, "freight"))
        made = create_promotion_request(
            stage, freight, actor=self.actor, now=self.now, targets=_targets(body)
        )
        return Response(write_manifest(request_named(self.project, made.name)), status=201)


def _required(body: JSONObject, key: str) -> str:
    text = text_of(body, key)
    if not text:
        raise bad_request(f'"{key}" is required')
    return text


def _targets(body: JSONObject) -> list[str] | None:
    names = body.get("targets")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_request('"targets" must be a list of names')
    if len(set(map(str, names))) < len(names):
        raise bad_request('"targets" names a target more than once')
    return [str(name) for name in names]
