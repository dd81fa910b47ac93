"""``GET P/targets/{target}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests.writers import write_manifest
from promotions.selectors.targets import target_named


class GetTarget(ProjectView):
    access_resource = "targets"
    access_verb = "get"
    access_name_in = "target"

    def get(self, _request: Request, *, target: str, **_: str) -> Response:
        return Response(write_manifest(target_named(self.project, target)))
