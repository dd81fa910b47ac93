"""``GET P/freight/{nameOrAlias}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1beta1.freight_view import FreightView
from promotions.manifests import freight as manifests


class GetFreight(FreightView):
    access_verb = "get"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(manifests.to_manifest(self.freight))
