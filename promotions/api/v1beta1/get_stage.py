"""``GET P/stages/{stage}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import stage as manifests
from promotions.selectors.stages import stage_named


class GetStage(ProjectView):
    access_resource = "stages"
    access_verb = "get"
    access_name_in = "stage"

    def get(self, _request: Request, *, stage: str, **_: str) -> Response:
        return Response(manifests.to_manifest(stage_named(self.project, stage)))
