"""``DELETE P``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, gone
from promotions.services.projects import delete_project


class DeleteProject(ProjectView):
    """Everything in the project goes with it."""

    access_resource = "projects"
    access_verb = "delete"
    access_name_in = "project"

    def delete(self, _request: Request, **_: str) -> Response:
        delete_project(self.project, actor=self.actor, now=self.now)
        return gone()
