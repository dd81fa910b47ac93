"""``/v1beta1/system``: what clients ask before anything else."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from projects.models import IdentityProvider
from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE
from projects.rest import TenantView
from projects.selectors import argocd_shards, runs_jobs
from projects.services.sign_in import sign_in_providers
from rbac.authorizer import PUBLIC, SIGNED_IN
from rbac.namespaces import KARGO_NAMESPACE
from rbac.selectors import admin_account

_BUILD_DATE = "1970-01-01T00:00:00Z"


class PublicServerConfig(TenantView):
    """Says how one may sign in; for a tenant that is not there, as for one without a provider."""

    access_verb = PUBLIC
    authentication_classes = ()

    def get(self, _request: Request, **_: str) -> Response:
        provider = sign_in_providers(self.tenant_name).first()
        oidc = {"oidcConfig": _oidc_config(provider)} if provider else {}
        return Response(
            {"adminAccountEnabled": admin_account() is not None, "skipAuth": False, **oidc}
        )


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
                "argocdShards": argocd_shards(self.tenant),
                "secretManagementEnabled": True,
                "systemResourcesNamespace": SYSTEM_NAMESPACE,
                "sharedResourcesNamespace": SHARED_NAMESPACE,
                "kargoNamespace": KARGO_NAMESPACE,
                "hasAnalysisRunLogsUrlTemplate": runs_jobs(self.tenant),
            }
        )


def _oidc_config(provider: IdentityProvider) -> dict[str, Any]:
    """Return what a client needs to know of a provider, in Kargo's words."""
    own = {"cliClientId": provider.cli_client_id} if provider.cli_client_id else {}
    return {
        "issuerUrl": provider.issuer,
        "clientId": provider.client_id,
        **own,
        "scopes": provider.scopes,
    }


def _version() -> str:
    try:
        return version("kargo-platform")
    except PackageNotFoundError:
        return "0.1.0"
