"""``GET P/approvals``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests.approvals import pending_to
from promotions.selectors.approvals import MOST_PENDING, RESOURCES, pending_approvals
from promotions.selectors.stages import stage_named
from rbac.authorizer import is_allowed


class ListApprovals(ProjectView):
    """What has not started and needs approval, by name: promotions, and requests for targets."""

    access_resource = "promotions"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        query = request.query_params
        stage = query.get("stage")
        found = pending_approvals(
            self.project,
            kinds=[kind for kind, resource in RESOURCES.items() if self._may_list(resource)],
            stage=stage_named(self.project, stage) if stage else None,
            after=query.get("after", ""),
            now=self.now,
        )
        items = [pending_to(it.subject, it.policy, it.standing, it.answers) for it in found]
        is_full = len(found) == MOST_PENDING
        return Response({"items": items, "after": items[-1]["name"] if is_full else None})

    def _may_list(self, resource: str) -> bool:
        return is_allowed(
            self.actor,
            verb="list",
            resource=resource,
            tenant_uid=self.tenant.uid,
            project_uid=self.project.uid,
        )
