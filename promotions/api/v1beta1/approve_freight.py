"""``POST P/freight/{nameOrAlias}/approve?stage=``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request
from projects.rest import done
from promotions.api.v1beta1.freight_view import FreightView
from promotions.selectors.stages import stage_named
from promotions.services.freight import approve_freight
from promotions.services.promote_rights import require_promote


class ApproveFreight(FreightView):
    """Also needs the right to promote to the Stage that it opens."""

    access_resource = "freights/status"
    access_verb = "patch"

    def post(self, request: Request, **_: str) -> Response:
        name = request.query_params.get("stage")
        if not name:
            raise bad_request("stage is required in the query")
        approved = self.freight
        stage = stage_named(self.project, name)
        require_promote(self.actor, stage)
        approve_freight(approved, stage, actor=self.actor, now=self.now)
        return done()
