"""The portal's addresses."""

from django.urls import path

from promotions.portal import (
    actions,
    analysis,
    approval_actions,
    approvals,
    audit,
    control_plane_forms,
    control_planes,
    events,
    freight,
    home,
    members,
    pipeline,
    previews,
    promotions,
    request_actions,
    responses,
    stages,
    warehouses,
)

app_name = "portal"

urlpatterns = [
    path("", home.Home.as_view(), name="home"),
    path("members", members.TenantMembers.as_view(), name="tenant-members"),
    path("members/grant", members.GrantTenantRole.as_view(), name="tenant-grant-role"),
    path("members/revoke", members.RevokeTenantRole.as_view(), name="tenant-revoke-role"),
    path("control-planes", control_planes.ControlPlaneList.as_view(), name="control-planes"),
    path(
        "control-planes/new",
        control_plane_forms.RegisterControlPlane.as_view(),
        name="register-control-plane",
    ),
    path(
        "control-planes/<str:plane>/edit",
        control_plane_forms.EditControlPlane.as_view(),
        name="edit-control-plane",
    ),
    path(
        "control-planes/<str:plane>/rotate",
        control_plane_forms.RotateControlPlane.as_view(),
        name="rotate-control-plane",
    ),
    path(
        "control-planes/<str:plane>/check",
        control_planes.CheckControlPlane.as_view(),
        name="check-control-plane",
    ),
    path(
        "control-planes/<str:plane>/enable",
        control_planes.EnableControlPlane.as_view(),
        name="enable-control-plane",
    ),
    path(
        "control-planes/<str:plane>/disable",
        control_planes.DisableControlPlane.as_view(),
        name="disable-control-plane",
    ),
    path("projects", home.ProjectList.as_view(), name="project-list"),
    path("projects/<str:project>", pipeline.PipelinePage.as_view(), name="project"),
    path("projects/<str:project>/audit", audit.AuditList.as_view(), name="audit"),
    path(
        "projects/<str:project>/audit/<int:sequence>",
        audit.AuditEventPage.as_view(),
        name="audit-event",
    ),
    path("projects/<str:project>/members", members.ProjectMembers.as_view(), name="members"),
    path(
        "projects/<str:project>/members/grant",
        members.GrantProjectRole.as_view(),
        name="grant-role",
    ),
    path(
        "projects/<str:project>/members/revoke",
        members.RevokeProjectRole.as_view(),
        name="revoke-role",
    ),
    path(
        "projects/<str:project>/analysis-runs/<str:run>/log",
        analysis.JobLogPage.as_view(),
        name="job-log",
    ),
    path("projects/<str:project>/events", events.ProjectEvents.as_view(), name="events"),
    path("projects/<str:project>/freight", pipeline.TimelinePage.as_view(), name="freight-list"),
    path(
        "projects/<str:project>/freight/<str:freight>",
        freight.FreightPage.as_view(),
        name="freight",
    ),
    path(
        "projects/<str:project>/freight/<str:freight>/approve",
        actions.ApproveFreight.as_view(),
        name="approve-freight",
    ),
    path("projects/<str:project>/stages/<str:stage>", stages.StagePage.as_view(), name="stage"),
    path(
        "projects/<str:project>/stages/<str:stage>/card",
        pipeline.StageCardFragment.as_view(),
        name="stage-card",
    ),
    path(
        "projects/<str:project>/stages/<str:stage>/promote",
        stages.PromoteForm.as_view(),
        name="promote-form",
    ),
    path(
        "projects/<str:project>/stages/<str:stage>/promotions",
        actions.PromoteStage.as_view(),
        name="promote-stage",
    ),
    path(
        "projects/<str:project>/stages/<str:stage>/previews",
        actions.PreviewPromotion.as_view(),
        name="preview-promotion",
    ),
    path(
        "projects/<str:project>/stages/<str:stage>/previews/<uuid:preview>",
        previews.PreviewPage.as_view(),
        name="preview",
    ),
    path(
        "projects/<str:project>/stages/<str:stage>/refresh",
        actions.RefreshStage.as_view(),
        name="refresh-stage",
    ),
    path(
        "projects/<str:project>/warehouses/<str:warehouse>",
        warehouses.WarehousePage.as_view(),
        name="warehouse",
    ),
    path(
        "projects/<str:project>/warehouses/<str:warehouse>/card",
        pipeline.WarehouseCardFragment.as_view(),
        name="warehouse-card",
    ),
    path(
        "projects/<str:project>/warehouses/<str:warehouse>/refresh",
        actions.RefreshWarehouse.as_view(),
        name="refresh-warehouse",
    ),
    path(
        "projects/<str:project>/promotion-requests/<str:promotion_request>/abort",
        request_actions.AbortPromotionRequest.as_view(),
        name="abort-promotion-request",
    ),
    path(
        "projects/<str:project>/promotion-requests/<str:promotion_request>/retry",
        request_actions.RetryPromotionRequest.as_view(),
        name="retry-promotion-request",
    ),
    path(
        "projects/<str:project>/promotion-requests/<str:promotion_request>/approvals",
        approval_actions.JudgePromotionRequest.as_view(),
        name="judge-promotion-request",
    ),
    path(
        "projects/<str:project>/promotions/<str:promotion>/approvals",
        approval_actions.JudgePromotion.as_view(),
        name="judge-promotion",
    ),
    path(
        "projects/<str:project>/approvals",
        approvals.ApprovalList.as_view(),
        name="approval-list",
    ),
    path(
        "projects/<str:project>/promotions",
        promotions.PromotionList.as_view(),
        name="promotion-list",
    ),
    path(
        "projects/<str:project>/promotions/<str:promotion>",
        promotions.PromotionPage.as_view(),
        name="promotion",
    ),
    path(
        "projects/<str:project>/promotions/<str:promotion>/abort",
        actions.AbortPromotion.as_view(),
        name="abort-promotion",
    ),
    path(
        "projects/<str:project>/promotions/<str:promotion>/steps/<str:alias>/responses",
        responses.RespondToPromotion.as_view(),
        name="respond-to-promotion",
    ),
]
