"""``PATCH P/freight/{nameOrAlias}/alias?newAlias=``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request
from projects.rest import ProjectView, done
from promotions.selectors.freight import freight_named
from promotions.services.freight import rename_freight


class RenameFreight(ProjectView):
    access_resource = "freights"
    access_verb = "patch"

    def patch(self, request: Request, *, freight: str, **_: str) -> Response:
        alias = request.query_params.get("newAlias")
        if not alias:
            raise bad_request("newAlias is required in the query")
        renamed = freight_named(self.project, freight)
        rename_freight(renamed, alias, actor=self.actor, now=self.now)
        return done()
