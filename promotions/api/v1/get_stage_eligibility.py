"""``GET P/stages/{stage}/eligibility``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1.eligibility_documents import eligibility_to, page_size
from promotions.selectors.eligibility import reasons_for
from promotions.selectors.eligibility_pages import freight_for
from promotions.selectors.freight import freight_named
from promotions.selectors.stages import stage_named


class GetStageEligibility(ProjectView):
    """Of one piece of Freight, by name or alias; else of all that the Stage asks for."""

    access_resource = "stages"
    access_verb = "get"

    def get(self, request: Request, *, stage: str, **_: str) -> Response:
        query = request.query_params
        limit = page_size(query)
        found = stage_named(self.project, stage)
        if query.get("freight"):
            rows, before = [freight_named(self.project, query["freight"])], ""
        else:
            rows, before = freight_for(found, before=query.get("before", ""), limit=limit)
        told = reasons_for([(found, it) for it in rows], now=self.now)
        items = [eligibility_to(found, *it) for it in zip(rows, told, strict=True)]
        return Response({"items": items, "before": before or None})
