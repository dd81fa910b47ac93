"""``POST P/stages/{stage}/verification``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.stages import stage_named
from promotions.services.verifications import reverify_stage


class ReverifyStage(ProjectView):
    access_resource = "stages"
    access_verb = "patch"
    access_name_in = "stage"

    def post(self, _request: Request, *, stage: str, **_: str) -> Response:
        reverify_stage(stage_named(self.project, stage), actor=self.actor, now=self.now)
        return done()
