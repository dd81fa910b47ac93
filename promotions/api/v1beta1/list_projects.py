"""``GET /v1beta1/projects``."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request, count_of, flag_of, list_of
from projects.models import Project
from projects.rest import TenantView
from projects.selectors import own_projects, visible_projects
from promotions.manifests import project as manifests
from rbac.authorizer import SIGNED_IN


class ListProjects(TenantView):
    """Shows what the caller may see; not a Kubernetes list, and paged."""

    access_resource = "projects"
    access_verb = SIGNED_IN

    def get(self, request: Request, **_: str) -> Response:
        query = request.query_params
        rows = _chosen(visible_projects(self.actor, self.tenant), query)
        if flag_of(query, "mine"):
            rows = rows.filter(uid__in=own_projects(self.actor, self.tenant))
        total = rows.count()
        items = [manifests.to_manifest(row) for row in manifests.with_stats(_page(rows, query))]
        return Response({"items": items, "total": total})


def _chosen(rows: QuerySet[Project], query: QueryDict) -> QuerySet[Project]:
    text = query.get("filter")
    if text:
        rows = rows.filter(name__icontains=text)
    uids = list_of(query, "uid")
    return rows.filter(uid__in=[_uid(it) for it in uids]) if uids else rows


def _page(rows: QuerySet[Project], query: QueryDict) -> QuerySet[Project]:
    size = count_of(query, "pageSize")
    start = count_of(query, "page") * size
    return rows[start : start + size] if size else rows


def _uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise bad_request(f'"{text}" is not a uid') from error
