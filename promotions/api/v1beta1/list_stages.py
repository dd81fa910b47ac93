"""``GET P/stages``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import list_of
from projects.rest import ProjectView
from promotions.api.v1beta1.lists import list_document, newest_revision
from promotions.manifests import stage as manifests
from promotions.manifests.stage_status import with_status
from promotions.selectors.availability import requests_of
from promotions.selectors.stages import stages_in


class ListStages(ProjectView):
    """``freightOrigins`` keeps the Stages that ask for Freight of any of those Warehouses."""

    access_resource = "stages"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        stages = list(with_status(stages_in(self.project)))
        wanted = set(list_of(request.query_params, "freightOrigins"))
        if wanted:
            stages = [it for it in stages if wanted & {r.origin.name for r in requests_of(it)}]
        items = [manifests.to_manifest(stage) for stage in stages]
        return Response(list_document("Stage", items, revision=newest_revision(stages)))
