"""``POST S/cluster-config/refresh``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView, done
from projects.selectors import cluster_config_of
from promotions.manifests.cluster_config import NAME
from promotions.services.cluster_configs import refresh_cluster_config


class RefreshClusterConfig(TenantView):
    """Whoever may look may ask to look again."""

    access_resource = "clusterconfigs"
    access_verb = "get"
    access_name = NAME

    def post(self, _request: Request, **_: str) -> Response:
        refresh_cluster_config(cluster_config_of(self.tenant), actor=self.actor, now=self.now)
        return done()
