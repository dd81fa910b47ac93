"""``GET P/events``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1beta1.lists import list_document
from promotions.manifests import event as manifests
from promotions.manifests.metadata import CORE_API
from promotions.selectors.events import newest_events


class ListEvents(ProjectView):
    """Newest first, and no more than a person reads."""

    access_resource = "events"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        name = self.project.name
        items = [
            manifests.to_manifest(event, namespace=name) for event in newest_events(self.project)
        ]
        return Response(list_document("Event", items, revision="", api_version=CORE_API))
