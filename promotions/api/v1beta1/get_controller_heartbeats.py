"""``GET S/controller-heartbeats``."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from promotions.manifests.metadata import timestamp
from promotions.selectors.workers import Heartbeat, heartbeats
from rbac.authorizer import SIGNED_IN

_DEFAULT = ""
"""What clients call the controller of Stages that name no shard."""


class GetControllerHeartbeats(TenantView):
    """Clients show every Stage as failed whose shard is not alive here."""

    access_verb = SIGNED_IN

    def get(self, _request: Request, **_: str) -> Response:
        beats = heartbeats(now=self.now, tenant_uid=self.tenant.uid)
        found = {_controller(it): _document(it) for it in beats}
        return Response({"heartbeats": found, "defaultController": _DEFAULT})


def _controller(heartbeat: Heartbeat) -> str:
    return _DEFAULT if heartbeat.shard == settings.DEFAULT_SHARD else heartbeat.shard


def _document(heartbeat: Heartbeat) -> dict[str, Any]:
    at = {} if heartbeat.at is None else {"timestamp": timestamp(heartbeat.at)}
    status = "Alive" if heartbeat.is_alive else "Dead"
    return {"controller": _controller(heartbeat), "status": status, **at}
