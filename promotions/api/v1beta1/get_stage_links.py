"""``GET P/stages/{stage}/links``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1beta1.links import links_document
from promotions.manifests import stage as manifests
from promotions.selectors.links import links_for
from promotions.selectors.stages import stage_named


class GetStageLinks(ProjectView):
    access_resource = "stages"
    access_verb = "get"
    access_name_in = "stage"

    def get(self, _request: Request, *, stage: str, **_: str) -> Response:
        manifest = manifests.to_manifest(stage_named(self.project, stage))
        return Response(links_document(links_for("stage", manifest, self.project)))
