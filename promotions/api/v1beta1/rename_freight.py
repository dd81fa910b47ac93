"""``PATCH P/freight/{nameOrAlias}/alias?newAlias=``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request
from projects.rest import done
from promotions.api.v1beta1.freight_view import FreightView
from promotions.services.freight import rename_freight


class RenameFreight(FreightView):
    access_verb = "patch"

    def patch(self, request: Request, **_: str) -> Response:
        alias = request.query_params.get("newAlias")
        if not alias:
            raise bad_request("newAlias is required in the query")
        rename_freight(self.freight, alias, actor=self.actor, now=self.now)
        return done()
