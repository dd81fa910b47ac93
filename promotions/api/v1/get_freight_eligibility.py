"""``GET P/freight/{freight}/eligibility``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1.eligibility_documents import eligibility_to, page_size
from promotions.selectors.eligibility import reasons_for
from promotions.selectors.eligibility_pages import stages_for
from promotions.selectors.freight import freight_named
from promotions.selectors.stages import stage_named


class GetFreightEligibility(ProjectView):
    """In one Stage; else in all of the project, in order of name."""

    access_resource = "freights"
    access_verb = "get"

    def get(self, request: Request, *, freight: str, **_: str) -> Response:
        query = request.query_params
        limit = page_size(query)
        found = freight_named(self.project, freight)
        if query.get("stage"):
            rows, after = [stage_named(self.project, query["stage"])], ""
        else:
            rows, after = stages_for(self.project, after=query.get("after", ""), limit=limit)
        told = reasons_for([(it, found) for it in rows], now=self.now)
        items = [eligibility_to(stage, found, why) for stage, why in zip(rows, told, strict=True)]
        return Response({"items": items, "after": after or None})
