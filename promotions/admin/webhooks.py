"""Webhook receivers, and what deliveries look objects up by."""

from django.contrib import admin

from common.admin import ReadOnlyAdmin
from promotions.models import AwaitedPullRequest, SubscribedUrl, WebhookReceiver


@admin.register(WebhookReceiver)
class WebhookReceiverAdmin(ReadOnlyAdmin[WebhookReceiver]):
    """Its address stays out: some senders prove nothing but that they know it."""

    list_display = ("name", "kind", "tenant", "project", "secret_name")
    list_filter = ("kind", "tenant")
    list_select_related = ("tenant", "project")
    search_fields = ("name", "uid", "secret_name", "tenant__name", "project__name")
    exclude = ("digest",)
    raw_id_fields = ("tenant", "project")
    ordering = ("tenant__name", "project__name", "position", "pk")


@admin.register(SubscribedUrl)
class SubscribedUrlAdmin(ReadOnlyAdmin[SubscribedUrl]):
    list_display = ("warehouse", "key")
    list_filter = ("warehouse__project",)
    list_select_related = ("warehouse",)
    search_fields = ("warehouse__name", "key")
    raw_id_fields = ("warehouse",)
    ordering = ("-pk",)


@admin.register(AwaitedPullRequest)
class AwaitedPullRequestAdmin(ReadOnlyAdmin[AwaitedPullRequest]):
    list_display = ("promotion", "key")
    list_filter = ("promotion__project",)
    list_select_related = ("promotion",)
    search_fields = ("promotion__name", "key")
    raw_id_fields = ("promotion",)
    ordering = ("-pk",)
