"""``/v1beta1/system``: what clients ask before anything else."""

import platform
from importlib.metadata import PackageNotFoundError, version

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE
from projects.rest import TenantView
from rbac.authorizer import PUBLIC, SIGNED_IN
from rbac.selectors import admin_account

KARGO_NAMESPACE = "kargo"
_BUILD_DATE = "1970-01-01T00:00:00Z"


class PublicServerConfig(TenantView):
    """Says how one may sign in; the same for every tenant, also for one that is not there."""

    access_verb = PUBLIC
    authentication_classes = ()

    def get(self, _request: Request, **_: str) -> Response:
        return Response({"adminAccountEnabled": admin_account() is not None, "skipAuth": False})


class ServerVersion(TenantView):
    access_verb = SIGNED_IN

    def get(self, _request: Request, **_: str) -> Response:
        return Response(
            {
                "version": _version(),
                "buildDate": _BUILD_DATE,
                "gitCommit": "",
                "gitTreeDirty": False,
                "goVersion": f"python{platform.python_version()}",
                "compiler": platform.python_implementation().lower(),
                "platform": f"{platform.system()}/{platform.machine()}".lower(),
            }
        )


class ServerConfig(TenantView):
    access_verb = SIGNED_IN

    def get(self, _request: Request, **_: str) -> Response:
        return Response(
            {
                "argocdShards": {shard: {"url": "", "namespace": ""} for shard in settings.SHARDS},
                "secretManagementEnabled": True,
                "systemResourcesNamespace": SYSTEM_NAMESPACE,
                "sharedResourcesNamespace": SHARED_NAMESPACE,
                "kargoNamespace": KARGO_NAMESPACE,
                "hasAnalysisRunLogsUrlTemplate": False,
            }
        )


def _version() -> str:
    try:
        return version("kargo-platform")
    except PackageNotFoundError:
        return "0.1.0"
