"""``GET P/freight/{nameOrAlias}/links``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1beta1.freight_view import FreightView
from promotions.api.v1beta1.links import links_document
from promotions.manifests import freight as manifests
from promotions.selectors.links import links_for


class GetFreightLinks(FreightView):
    access_verb = "get"

    def get(self, _request: Request, **_: str) -> Response:
        manifest = manifests.to_manifest(self.freight)
        return Response(links_document(links_for("freight", manifest, self.project)))
