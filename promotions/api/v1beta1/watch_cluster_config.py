"""``GET S/cluster-config?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import TenantView
from projects.selectors import cluster_config_of
from promotions.api.v1beta1.watches import stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch
from promotions.manifests.cluster_config import NAME


class WatchClusterConfig(TenantView):
    access_resource = "clusterconfigs"
    access_verb = "watch"
    access_name = NAME

    def get(self, _request: Request, **_: str) -> StreamingHttpResponse:
        found = cluster_config_of(self.tenant)
        return stream(self, Watch(Topic(self.tenant.uid, "ClusterConfig", found.name)))
