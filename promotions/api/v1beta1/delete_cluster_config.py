"""``DELETE S/cluster-config``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView, gone
from projects.selectors import cluster_config_of
from promotions.manifests.cluster_config import NAME
from promotions.services.cluster_configs import delete_cluster_config


class DeleteClusterConfig(TenantView):
    access_resource = "clusterconfigs"
    access_verb = "delete"
    access_name = NAME

    def delete(self, _request: Request, **_: str) -> Response:
        delete_cluster_config(cluster_config_of(self.tenant), actor=self.actor, now=self.now)
        return gone()
