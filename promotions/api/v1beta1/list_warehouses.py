"""``GET P/warehouses``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.collection import no_collection
from projects.rest import ProjectView
from promotions.api.v1beta1.lists import chosen, list_document, revision_now, versions_of
from promotions.manifests import warehouse as manifests
from promotions.manifests.rendered import Rendering, rendered, version_of
from promotions.selectors.warehouses import warehouses_in


class ListWarehouses(ProjectView):
    access_resource = "warehouses"
    access_verb = "list"

    @no_collection()
    def get(self, _request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = warehouses_in(self.project)
        versions = versions_of(rows)
        how = Rendering(lambda uids: chosen(rows, uids), version_of, manifests.to_manifest)
        items = rendered(versions, how)
        return Response(list_document("Warehouse", items, revision=revision))
