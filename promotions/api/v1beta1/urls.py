"""Routes of ``/v1beta1`` about projects and what is in them; ``P`` is ``projects/<project>``."""

from django.urls import URLPattern, URLResolver, include, path

from promotions.api.v1beta1.abort_promotion import AbortPromotion
from promotions.api.v1beta1.approve_freight import ApproveFreight
from promotions.api.v1beta1.create_resources import CreateResources
from promotions.api.v1beta1.get_freight import GetFreight
from promotions.api.v1beta1.get_project import GetProject
from promotions.api.v1beta1.get_project_config import GetProjectConfig
from promotions.api.v1beta1.get_promotion import GetPromotion
from promotions.api.v1beta1.get_stage import GetStage
from promotions.api.v1beta1.get_warehouse import GetWarehouse
from promotions.api.v1beta1.list_freight import ListFreight
from promotions.api.v1beta1.list_projects import ListProjects
from promotions.api.v1beta1.list_promotions import ListPromotions
from promotions.api.v1beta1.list_stages import ListStages
from promotions.api.v1beta1.list_warehouses import ListWarehouses
from promotions.api.v1beta1.promote_to_stage import PromoteToStage
from promotions.api.v1beta1.refresh_stage import RefreshStage
from promotions.api.v1beta1.refresh_warehouse import RefreshWarehouse
from promotions.api.v1beta1.rename_freight import RenameFreight
from promotions.api.v1beta1.update_resources import UpdateResources
from rbac.rest.routing import by_method

_STAGES = [
    path("", by_method(get=ListStages), name="api-list-stages"),
    path("/<str:stage>", by_method(get=GetStage), name="api-get-stage"),
    path("/<str:stage>/refresh", by_method(post=RefreshStage), name="api-refresh-stage"),
    path("/<str:stage>/promotions", by_method(post=PromoteToStage), name="api-promote-to-stage"),
]
_FREIGHT = [
    path("", by_method(get=ListFreight), name="api-list-freight"),
    path("/<str:freight>", by_method(get=GetFreight), name="api-get-freight"),
    path("/<str:freight>/alias", by_method(patch=RenameFreight), name="api-rename-freight"),
    path("/<str:freight>/approve", by_method(post=ApproveFreight), name="api-approve-freight"),
]
_PROMOTIONS = [
    path("", by_method(get=ListPromotions), name="api-list-promotions"),
    path("/<str:promotion>", by_method(get=GetPromotion), name="api-get-promotion"),
    path("/<str:promotion>/abort", by_method(post=AbortPromotion), name="api-abort-promotion"),
]
_WAREHOUSES = [
    path("", by_method(get=ListWarehouses), name="api-list-warehouses"),
    path("/<str:warehouse>", by_method(get=GetWarehouse), name="api-get-warehouse"),
    path(
        "/<str:warehouse>/refresh",
        by_method(post=RefreshWarehouse),
        name="api-refresh-warehouse",
    ),
]
_PROJECT: list[URLPattern | URLResolver] = [
    path("", by_method(get=GetProject), name="api-get-project"),
    path("/config", by_method(get=GetProjectConfig), name="api-get-project-config"),
    path("/stages", include(_STAGES)),
    path("/freight", include(_FREIGHT)),
    path("/promotions", include(_PROMOTIONS)),
    path("/warehouses", include(_WAREHOUSES)),
]

urlpatterns = [
    path("resources", by_method(post=CreateResources, put=UpdateResources), name="api-resources"),
    path("projects", by_method(get=ListProjects), name="api-list-projects"),
    path("projects/<str:project>", include(_PROJECT)),
]
