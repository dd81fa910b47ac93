"""``GET P/images``."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.selectors.images import tags_held


class ListImages(ProjectView):
    """Which tag of which image is in which Stage: 0 for now, 1 for before, and so on."""

    access_resource = "stages"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        answer: dict[str, Any] = {}
        for held in tags_held(self.project):
            tags = answer.setdefault(held.repo_url, {"tags": {}})["tags"]
            tags.setdefault(held.tag, {"stages": {}})["stages"][held.stage] = held.place
        return Response(answer)
