"""``GET P/targets``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1.named_pages import named_page
from promotions.manifests.writers import write_manifest
from promotions.selectors.targets import targets_in


class ListTargets(ProjectView):
    """By name. They are created and changed as manifests, through ``resources``."""

    access_resource = "targets"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        rows, after = named_page(targets_in(self.project), request.query_params)
        return Response({"items": [write_manifest(row) for row in rows], "after": after})
