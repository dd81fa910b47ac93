"""``GET S/cluster-config``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from projects.selectors import cluster_config_of
from promotions.manifests import cluster_config as manifests


class GetClusterConfig(TenantView):
    """A tenant without one answers 404: clients choose between create and update by that."""

    access_resource = "clusterconfigs"
    access_verb = "get"
    access_name = manifests.NAME

    def get(self, _request: Request, **_: str) -> Response:
        return Response(manifests.to_manifest(cluster_config_of(self.tenant)))
