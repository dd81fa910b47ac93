"""``DELETE P/stages/{stage}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, gone
from promotions.selectors.stages import stage_named
from promotions.services.stages import delete_stage


class DeleteStage(ProjectView):
    access_resource = "stages"
    access_verb = "delete"
    access_name_in = "stage"

    def delete(self, _request: Request, *, stage: str, **_: str) -> Response:
        delete_stage(stage_named(self.project, stage), actor=self.actor, now=self.now)
        return gone()
