"""``GET P``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import project as manifests


class GetProject(ProjectView):
    access_resource = "projects"
    access_verb = "get"
    access_name_in = "project"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(manifests.to_manifest(self.project))
