"""``POST P/stages/{stage}/promotions``; with ``?dryRun=All`` it shows what that would change."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import FieldProblem, InvalidError
from common.rest.requests import bad_request, read_json_object, text_of
from projects.rest import ProjectView
from promotions.api.previews import is_dry_run, preview_answer
from promotions.engine.freight import FreightOrigin
from promotions.manifests.writers import write_manifest
from promotions.models import Freight, Stage
from promotions.selectors.availability import candidates_of
from promotions.selectors.lookups import freight_with_alias, freight_with_name
from promotions.selectors.stages import stage_named
from promotions.selectors.targets import is_target_aware
from promotions.services.previews import request_preview
from promotions.services.promote import promote
from promotions.services.promote_rights import require_may_promote

_WAYS = ("freight", "freightAlias", "origin")


class PromoteToStage(ProjectView):
    """Body, Stage, right to promote, Freight, availability: refusals come in that order.

    So the class asks for no more than reading; the right to promote is asked for by name once
    the Stage is known. A Stage that selects Targets answers a PromotionRequest.
    """

    access_resource = "stages"
    access_verb = "get"
    access_name_in = "stage"

    def post(self, request: Request, *, stage: str, **_: str) -> Response:
        way, value = _chosen(request)
        target = stage_named(self.project, stage)
        require_may_promote(self.actor, target)
        freight = self._freight(way, value, target)
        if is_dry_run(request):
            preview = request_preview(
                target,
                freight,
                actor=self.actor,
                now=self.now,
                target=text_of(read_json_object(request), "target"),
            )
            return preview_answer(preview, tenant=self.tenant.name)
        promotion = promote(target, freight, actor=self.actor, now=self.now)
        return Response(write_manifest(promotion), status=201)

    def _freight(self, way: str, value: str, stage: Stage) -> Freight:
        if way == "freight":
            return freight_with_name(self.project, value)
        if way == "freightAlias":
            return freight_with_alias(self.project, value)
        if is_target_aware(stage):
            raise bad_request(
                f'Stage "{stage.name}" promotes to targets; name the freight instead of its origin'
            )
        origin = _origin(value)
        candidate = candidates_of(stage, now=self.now).get(str(origin))
        if candidate is None:
            problem = FieldProblem(
                "spec.origin", f'no Freight of "{origin}" is available to promote'
            )
            raise InvalidError(f"Promotion is invalid: {problem}", problems=(problem,))
        return candidate


def _chosen(request: Request) -> tuple[str, str]:
    """Return which of the three ways is given, and its value; clients send blanks for the rest."""
    body = read_json_object(request)
    given = [(way, text_of(body, way)) for way in _WAYS]
    chosen = [(way, value) for way, value in given if value]
    if len(chosen) != 1:
        raise bad_request("exactly one of freight, freightAlias and origin must be given")
    return chosen[0]


def _origin(text: str) -> FreightOrigin:
    try:
        return FreightOrigin.parse(text)
    except InvalidError as error:
        raise bad_request(error.message) from error
