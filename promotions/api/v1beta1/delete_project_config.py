"""``DELETE P/config``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, gone
from projects.selectors import project_config_of
from promotions.services.project_configs import delete_project_config


class DeleteProjectConfig(ProjectView):
    access_resource = "projectconfigs"
    access_verb = "delete"
    access_name_in = "project"

    def delete(self, _request: Request, **_: str) -> Response:
        delete_project_config(project_config_of(self.project), actor=self.actor, now=self.now)
        return gone()
