"""Message channels."""

from typing import Any

from django.contrib import admin

from common.admin import ResourceAdmin
from common.jsontypes import JSONValue, as_list, as_object, as_text
from common.redaction import MASK, is_secret_name
from promotions.models import ClusterMessageChannel, MessageChannel

AnyChannel = MessageChannel | ClusterMessageChannel


class ChannelAdmin(ResourceAdmin[Any]):
    """Shows a channel without the values of headers that usually hold secrets."""

    exclude = ("spec",)
    readonly_fields = ("settings",)

    @admin.display(description="spec")
    def settings(self, channel: AnyChannel) -> JSONValue:
        spec = as_object(channel.spec)
        http = as_object(spec.get("http"))
        if not http:
            return spec
        shown = {**http, "headers": [_masked(it) for it in as_list(http.get("headers"))]}
        return {**spec, "http": shown}


@admin.register(MessageChannel)
class MessageChannelAdmin(ChannelAdmin):
    pass


@admin.register(ClusterMessageChannel)
class ClusterMessageChannelAdmin(ChannelAdmin):
    list_display = ("name", "tenant", "generation", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("name", "uid", "tenant__name")


def _masked(pair: JSONValue) -> JSONValue:
    header = as_object(pair)
    return {**header, "value": MASK} if is_secret_name(as_text(header.get("name"))) else header
