"""``PUT /v1beta1/resources``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import MANIFESTS_LIMIT_BYTES, flag_of
from projects.rest import TenantView
from promotions.api.v1beta1.resources import Batch, apply_all, documents_in
from promotions.services.apply import Mode
from rbac.authorizer import SIGNED_IN


class UpdateResources(TenantView):
    """Replaces; with ``upsert=true`` creates what is missing. Rights are asked for by document."""

    access_verb = SIGNED_IN
    body_limit_bytes = MANIFESTS_LIMIT_BYTES

    def put(self, request: Request, **_: str) -> Response:
        mode = Mode.UPSERT if flag_of(request.query_params, "upsert") else Mode.UPDATE
        batch = Batch(self.tenant, self.actor, mode, self.now)
        return Response(apply_all(documents_in(request), batch))
