"""``POST P/stages/{stage}/verification/abort``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.stages import stage_named
from promotions.services.verifications import abort_verification


class AbortVerification(ProjectView):
    """One that has ended stays as it is, and the answer is the same."""

    access_resource = "stages"
    access_verb = "patch"
    access_name_in = "stage"

    def post(self, _request: Request, *, stage: str, **_: str) -> Response:
        abort_verification(stage_named(self.project, stage), actor=self.actor, now=self.now)
        return done()
