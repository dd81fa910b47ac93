"""``GET P/stages/{stage}/previews/{uid}``."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.previews import preview_answer
from promotions.selectors.previews import preview_of
from promotions.selectors.stages import stage_named


class GetPreview(ProjectView):
    access_resource = "stages"
    access_verb = "promote"

    def get(self, _request: Request, *, stage: str, uid: UUID, **_: str) -> Response:
        preview = preview_of(stage_named(self.project, stage), uid)
        return preview_answer(preview, tenant=self.tenant.name)
