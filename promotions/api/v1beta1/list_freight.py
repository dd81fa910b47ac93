"""``GET P/freight``."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import list_of
from projects.rest import ProjectView
from promotions.api.v1beta1.freight_groups import grouped, grouping_from
from promotions.api.v1beta1.lists import newest_revision
from promotions.manifests import freight as manifests
from promotions.models import Freight
from promotions.selectors.availability import available_to
from promotions.selectors.freight import freight_in
from promotions.selectors.stages import stage_named


class ListFreight(ProjectView):
    """Groups of Freight: what is available to ``stage``, else what came from ``origins``."""

    access_resource = "freights"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        grouping = grouping_from(request.query_params)
        stage = request.query_params.get("stage") or ""
        freight = self._freight(stage, origins=list_of(request.query_params, "origins"))
        groups = {
            key: {"items": [manifests.to_manifest(item) for item in items]}
            for key, items in grouped(freight, grouping).items()
        }
        answer: dict[str, Any] = {"groups": groups}
        if not stage:
            answer["resourceVersion"] = newest_revision(freight)
        return Response(answer)

    def _freight(self, stage: str, *, origins: list[str]) -> list[Freight]:
        rows = freight_in(self.project)
        if stage:
            available = available_to(stage_named(self.project, stage), now=self.now)
            rows = rows.filter(pk__in=[item.pk for item in available])
        elif origins:
            rows = rows.filter(warehouse__name__in=origins)
        return list(rows.prefetch_related("standings__stage"))
