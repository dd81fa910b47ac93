"""``POST P/stages/{stage}/promotions/downstream``."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import InvalidError, NotFoundError, PlatformError
from common.rest.errors import error_message
from common.rest.requests import bad_request, read_json_object, text_of
from projects.rest import ProjectView
from promotions.manifests.writers import write_manifest
from promotions.models import Freight, Stage
from promotions.selectors.availability import stages_downstream_of
from promotions.selectors.eligibility import refusal
from promotions.selectors.lookups import freight_with_alias, freight_with_name
from promotions.selectors.stages import stage_named
from promotions.services.promote import promote
from promotions.services.promote_rights import require_may_promote


class PromoteDownstream(ProjectView):
    """Promotes to every Stage that takes this Freight from the named one.

    Rights and availability are looked at for all before anything is promoted; Stages without
    steps are passed over.
    """

    access_resource = "stages"
    access_verb = "get"
    access_name_in = "stage"

    def post(self, request: Request, *, stage: str, **_: str) -> Response:
        name, alias = _chosen(request)
        source = stage_named(self.project, stage)
        freight = (
            freight_with_name(self.project, name)
            if name
            else freight_with_alias(self.project, alias)
        )
        targets = stages_downstream_of(source, freight)
        if not targets:
            raise NotFoundError(f'stages downstream of "{source.name}" not found')
        self._refuse_any(targets, freight)
        made, errors = self._promote(targets, freight)
        requests = [it for it in made if it["kind"] == "PromotionRequest"]
        answer: dict[str, Any] = {"promotions": [it for it in made if it not in requests]}
        if requests:
            answer["promotionRequests"] = requests
        if errors:
            return Response({**answer, "errors": "\n".join(errors)}, status=207)
        return Response(answer, status=201)

    def _refuse_any(self, targets: list[Stage], freight: Freight) -> None:
        for target in targets:
            require_may_promote(self.actor, target)
        for target in targets:
            if problem := refusal(target, freight, now=self.now):
                raise InvalidError(problem, code="freight_not_available")

    def _promote(
        self, targets: list[Stage], freight: Freight
    ) -> tuple[list[dict[str, Any]], list[str]]:
        made, errors = [], []
        for target in targets:
            if target.is_control_flow:
                continue
            try:
                promotion = promote(target, freight, actor=self.actor, now=self.now)
            except PlatformError as error:
                errors.append(error_message(error))
            else:
                made.append(write_manifest(promotion))
        return made, errors


def _chosen(request: Request) -> tuple[str, str]:
    body = read_json_object(request)
    name, alias = text_of(body, "freight"), text_of(body, "freightAlias")
    if bool(name) == bool(alias):
        raise bad_request("exactly one of freight and freightAlias must be given")
    return name, alias
