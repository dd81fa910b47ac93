"""``POST P/stages/{stage}/refresh``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.stages import stage_named
from promotions.services.stages import refresh_stage


class RefreshStage(ProjectView):
    """Whoever may look may ask to look again."""

    access_resource = "stages"
    access_verb = "get"
    access_name_in = "stage"

    def post(self, _request: Request, *, stage: str, **_: str) -> Response:
        refresh_stage(stage_named(self.project, stage), actor=self.actor, now=self.now)
        return done()
