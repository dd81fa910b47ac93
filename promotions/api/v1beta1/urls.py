"""Routes of ``/v1beta1`` about projects, what is in them and what they share.

``P`` is ``projects/<project>``, ``S`` is ``system``, ``H`` is ``shared``.
"""

from django.urls import URLPattern, URLResolver, include, path

from promotions.api.v1beta1.abort_promotion import AbortPromotion
from promotions.api.v1beta1.abort_verification import AbortVerification
from promotions.api.v1beta1.approve_freight import ApproveFreight
from promotions.api.v1beta1.create_resources import CreateResources
from promotions.api.v1beta1.delete_analysis_template import DeleteAnalysisTemplate
from promotions.api.v1beta1.delete_cluster_analysis_template import DeleteClusterAnalysisTemplate
from promotions.api.v1beta1.delete_cluster_config import DeleteClusterConfig
from promotions.api.v1beta1.delete_freight import DeleteFreight
from promotions.api.v1beta1.delete_project import DeleteProject
from promotions.api.v1beta1.delete_project_config import DeleteProjectConfig
from promotions.api.v1beta1.delete_resources import DeleteResources
from promotions.api.v1beta1.delete_stage import DeleteStage
from promotions.api.v1beta1.delete_warehouse import DeleteWarehouse
from promotions.api.v1beta1.get_analysis_run import GetAnalysisRun
from promotions.api.v1beta1.get_analysis_run_logs import GetAnalysisRunLogs
from promotions.api.v1beta1.get_analysis_template import GetAnalysisTemplate
from promotions.api.v1beta1.get_cluster_analysis_template import GetClusterAnalysisTemplate
from promotions.api.v1beta1.get_cluster_config import GetClusterConfig
from promotions.api.v1beta1.get_cluster_promotion_task import GetClusterPromotionTask
from promotions.api.v1beta1.get_controller_heartbeats import GetControllerHeartbeats
from promotions.api.v1beta1.get_freight import GetFreight
from promotions.api.v1beta1.get_freight_links import GetFreightLinks
from promotions.api.v1beta1.get_project import GetProject
from promotions.api.v1beta1.get_project_config import GetProjectConfig
from promotions.api.v1beta1.get_promotion import GetPromotion
from promotions.api.v1beta1.get_promotion_task import GetPromotionTask
from promotions.api.v1beta1.get_stage import GetStage
from promotions.api.v1beta1.get_stage_links import GetStageLinks
from promotions.api.v1beta1.get_warehouse import GetWarehouse
from promotions.api.v1beta1.keyed_views import PROJECT_ROUTES, SHARED_ROUTES, SYSTEM_ROUTES
from promotions.api.v1beta1.list_analysis_templates import ListAnalysisTemplates
from promotions.api.v1beta1.list_cluster_analysis_templates import ListClusterAnalysisTemplates
from promotions.api.v1beta1.list_cluster_promotion_tasks import ListClusterPromotionTasks
from promotions.api.v1beta1.list_events import ListEvents
from promotions.api.v1beta1.list_freight import ListFreight
from promotions.api.v1beta1.list_images import ListImages
from promotions.api.v1beta1.list_projects import ListProjects
from promotions.api.v1beta1.list_promotion_tasks import ListPromotionTasks
from promotions.api.v1beta1.list_promotions import ListPromotions
from promotions.api.v1beta1.list_stages import ListStages
from promotions.api.v1beta1.list_warehouses import ListWarehouses
from promotions.api.v1beta1.promote_downstream import PromoteDownstream
from promotions.api.v1beta1.promote_to_stage import PromoteToStage
from promotions.api.v1beta1.refresh_cluster_config import RefreshClusterConfig
from promotions.api.v1beta1.refresh_project_config import RefreshProjectConfig
from promotions.api.v1beta1.refresh_promotion import RefreshPromotion
from promotions.api.v1beta1.refresh_stage import RefreshStage
from promotions.api.v1beta1.refresh_warehouse import RefreshWarehouse
from promotions.api.v1beta1.rename_freight import RenameFreight
from promotions.api.v1beta1.reverify_stage import ReverifyStage
from promotions.api.v1beta1.update_resources import UpdateResources
from promotions.api.v1beta1.watch_cluster_config import WatchClusterConfig
from promotions.api.v1beta1.watch_freight import WatchFreight
from promotions.api.v1beta1.watch_project_config import WatchProjectConfig
from promotions.api.v1beta1.watch_promotion import WatchPromotion
from promotions.api.v1beta1.watch_promotions import WatchPromotions
from promotions.api.v1beta1.watch_stage import WatchStage
from promotions.api.v1beta1.watch_stages import WatchStages
from promotions.api.v1beta1.watch_warehouse import WatchWarehouse
from promotions.api.v1beta1.watch_warehouses import WatchWarehouses
from rbac.rest.routing import by_method

_STAGES = [
    path("", by_method(get=ListStages, watch=WatchStages), name="api-list-stages"),
    path(
        "/<str:stage>",
        by_method(get=GetStage, watch=WatchStage, delete=DeleteStage),
        name="api-get-stage",
    ),
    path("/<str:stage>/links", by_method(get=GetStageLinks), name="api-get-stage-links"),
    path("/<str:stage>/refresh", by_method(post=RefreshStage), name="api-refresh-stage"),
    path("/<str:stage>/promotions", by_method(post=PromoteToStage), name="api-promote-to-stage"),
    path(
        "/<str:stage>/promotions/downstream",
        by_method(post=PromoteDownstream),
        name="api-promote-downstream",
    ),
    path("/<str:stage>/verification", by_method(post=ReverifyStage), name="api-reverify-stage"),
    path(
        "/<str:stage>/verification/abort",
        by_method(post=AbortVerification),
        name="api-abort-verification",
    ),
]
_FREIGHT = [
    path("", by_method(get=ListFreight, watch=WatchFreight), name="api-list-freight"),
    path("/<str:freight>", by_method(get=GetFreight, delete=DeleteFreight), name="api-get-freight"),
    path("/<str:freight>/links", by_method(get=GetFreightLinks), name="api-get-freight-links"),
    path("/<str:freight>/alias", by_method(patch=RenameFreight), name="api-rename-freight"),
    path("/<str:freight>/approve", by_method(post=ApproveFreight), name="api-approve-freight"),
]
_PROMOTIONS = [
    path("", by_method(get=ListPromotions, watch=WatchPromotions), name="api-list-promotions"),
    path(
        "/<str:promotion>",
        by_method(get=GetPromotion, watch=WatchPromotion),
        name="api-get-promotion",
    ),
    path("/<str:promotion>/abort", by_method(post=AbortPromotion), name="api-abort-promotion"),
    path(
        "/<str:promotion>/refresh", by_method(post=RefreshPromotion), name="api-refresh-promotion"
    ),
]
_WAREHOUSES = [
    path("", by_method(get=ListWarehouses, watch=WatchWarehouses), name="api-list-warehouses"),
    path(
        "/<str:warehouse>",
        by_method(get=GetWarehouse, watch=WatchWarehouse, delete=DeleteWarehouse),
        name="api-get-warehouse",
    ),
    path(
        "/<str:warehouse>/refresh",
        by_method(post=RefreshWarehouse),
        name="api-refresh-warehouse",
    ),
]
_PROMOTION_TASKS = [
    path("", by_method(get=ListPromotionTasks), name="api-list-promotion-tasks"),
    path("/<str:task>", by_method(get=GetPromotionTask), name="api-get-promotion-task"),
]
_ANALYSIS_TEMPLATES = [
    path("", by_method(get=ListAnalysisTemplates), name="api-list-analysis-templates"),
    path(
        "/<str:template>",
        by_method(get=GetAnalysisTemplate, delete=DeleteAnalysisTemplate),
        name="api-get-analysis-template",
    ),
]
_ANALYSIS_RUNS = [
    path("/<str:run>", by_method(get=GetAnalysisRun), name="api-get-analysis-run"),
    path("/<str:run>/logs", by_method(get=GetAnalysisRunLogs), name="api-get-analysis-run-logs"),
]
_CONFIG = [
    path(
        "",
        by_method(get=GetProjectConfig, watch=WatchProjectConfig, delete=DeleteProjectConfig),
        name="api-get-project-config",
    ),
    path("/refresh", by_method(post=RefreshProjectConfig), name="api-refresh-project-config"),
]
_PROJECT: list[URLPattern | URLResolver] = [
    path("", by_method(get=GetProject, delete=DeleteProject), name="api-get-project"),
    path("/config", include(_CONFIG)),
    path("/events", by_method(get=ListEvents), name="api-list-events"),
    path("/images", by_method(get=ListImages), name="api-list-images"),
    path("/stages", include(_STAGES)),
    path("/freight", include(_FREIGHT)),
    path("/promotions", include(_PROMOTIONS)),
    path("/warehouses", include(_WAREHOUSES)),
    path("/promotion-tasks", include(_PROMOTION_TASKS)),
    path("/analysis-templates", include(_ANALYSIS_TEMPLATES)),
    path("/analysis-runs", include(_ANALYSIS_RUNS)),
    *PROJECT_ROUTES,
]
_CLUSTER_CONFIG = [
    path(
        "",
        by_method(get=GetClusterConfig, watch=WatchClusterConfig, delete=DeleteClusterConfig),
        name="api-get-cluster-config",
    ),
    path("/refresh", by_method(post=RefreshClusterConfig), name="api-refresh-cluster-config"),
]
_SYSTEM: list[URLPattern | URLResolver] = [
    path("/cluster-config", include(_CLUSTER_CONFIG)),
    path(
        "/controller-heartbeats",
        by_method(get=GetControllerHeartbeats),
        name="api-get-controller-heartbeats",
    ),
    *SYSTEM_ROUTES,
]
_CLUSTER_PROMOTION_TASKS = [
    path("", by_method(get=ListClusterPromotionTasks), name="api-list-cluster-promotion-tasks"),
    path(
        "/<str:task>",
        by_method(get=GetClusterPromotionTask),
        name="api-get-cluster-promotion-task",
    ),
]
_CLUSTER_ANALYSIS_TEMPLATES = [
    path(
        "",
        by_method(get=ListClusterAnalysisTemplates),
        name="api-list-cluster-analysis-templates",
    ),
    path(
        "/<str:template>",
        by_method(get=GetClusterAnalysisTemplate, delete=DeleteClusterAnalysisTemplate),
        name="api-get-cluster-analysis-template",
    ),
]
_SHARED: list[URLPattern | URLResolver] = [
    path("/cluster-promotion-tasks", include(_CLUSTER_PROMOTION_TASKS)),
    path("/cluster-analysis-templates", include(_CLUSTER_ANALYSIS_TEMPLATES)),
    *SHARED_ROUTES,
]

urlpatterns = [
    path(
        "resources",
        by_method(post=CreateResources, put=UpdateResources, delete=DeleteResources),
        name="api-resources",
    ),
    path("projects", by_method(get=ListProjects), name="api-list-projects"),
    path("projects/<str:project>", include(_PROJECT)),
    path("system", include(_SYSTEM)),
    path("shared", include(_SHARED)),
    # The command line watches here, whatever Kargo's own description says.
    path(
        "cluster-config",
        by_method(get=GetClusterConfig, watch=WatchClusterConfig),
        name="api-watched-cluster-config",
    ),
]
