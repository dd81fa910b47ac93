"""``GET P/freight/{nameOrAlias}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import freight as manifests
from promotions.selectors.freight import freight_named


class GetFreight(ProjectView):
    access_resource = "freights"
    access_verb = "get"

    def get(self, _request: Request, *, freight: str, **_: str) -> Response:
        return Response(manifests.to_manifest(freight_named(self.project, freight)))
