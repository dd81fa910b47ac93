"""``GET P/config``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from projects.selectors import project_config_of
from promotions.manifests import project_config as manifests


class GetProjectConfig(ProjectView):
    """A project without one answers 404: clients choose between create and update by that."""

    access_resource = "projectconfigs"
    access_verb = "get"
    access_name_in = "project"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(manifests.to_manifest(project_config_of(self.project)))
