"""``POST P/config/refresh``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from projects.selectors import project_config_of
from promotions.services.project_configs import refresh_project_config


class RefreshProjectConfig(ProjectView):
    """Whoever may look may ask to look again."""

    access_resource = "projectconfigs"
    access_verb = "get"
    access_name_in = "project"

    def post(self, _request: Request, **_: str) -> Response:
        refresh_project_config(project_config_of(self.project), actor=self.actor, now=self.now)
        return done()
