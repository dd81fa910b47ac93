"""``POST /v1beta1/resources``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import MANIFESTS_LIMIT_BYTES
from projects.rest import TenantView
from promotions.api.v1beta1.resources import Batch, apply_all, documents_in
from promotions.services.apply import Mode
from rbac.authorizer import SIGNED_IN


class CreateResources(TenantView):
    """Creates; what exists is a conflict. Rights are asked for by document."""

    access_verb = SIGNED_IN
    body_limit_bytes = MANIFESTS_LIMIT_BYTES

    def post(self, request: Request, **_: str) -> Response:
        batch = Batch(self.tenant, self.actor, Mode.CREATE, self.now)
        return Response(apply_all(documents_in(request), batch), status=201)
