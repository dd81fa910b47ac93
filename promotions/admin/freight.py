"""Freight, and promoting it to a Stage that is chosen on a page in between."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from common.admin import ReadOnlyAdmin, ReadOnlyInline, ResourceAdmin
from common.clock import now
from common.errors import PlatformError
from promotions.models import Freight, FreightArtifact, Stage
from promotions.selectors.stages import stages_in
from promotions.services.promote import promote
from rbac.web import request_actor


class ChooseStage(forms.Form):
    """Which Stage to promote to."""

    stage = forms.ModelChoiceField(queryset=Stage.objects.none(), label="Stage")


class ArtifactsInline(ReadOnlyInline):
    model = FreightArtifact
    fields = ("kind", "repo_url", "version", "document")


@admin.register(Freight)
class FreightAdmin(ResourceAdmin[Freight]):
    list_display = ("alias", "name", "project", "warehouse", "discovered_at")
    list_filter = ("project__tenant", "project", "warehouse", "discovered_at")
    list_select_related = ("project", "warehouse")
    search_fields = ("name", "alias", "uid", "artifacts__repo_url", "artifacts__version")
    ordering = ("-discovered_at", "-pk")
    inlines = (ArtifactsInline,)
    actions = ("promote",)

    @admin.action(description="Promote…", permissions=["view"])
    def promote(self, request: HttpRequest, queryset: QuerySet[Freight]) -> HttpResponseBase | None:
        chosen = list(queryset.select_related("project__tenant", "warehouse")[:2])
        if len(chosen) != 1:
            self.message_user(request, "Choose one piece of freight.", messages.ERROR)
            return None
        freight = chosen[0]
        form = ChooseStage(request.POST if "stage" in request.POST else None)
        form.fields["stage"].queryset = stages_in(freight.project)  # type: ignore[attr-defined] # a ModelChoiceField
        if form.is_valid():
            self._promote(request, freight, form.cleaned_data["stage"])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Promote {freight.alias or freight.name}",
            "opts": self.opts,
            "freight": freight,
            "form": form,
            "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/promotions/freight/promote.html", context)

    def _promote(self, request: HttpRequest, freight: Freight, stage: Stage) -> None:
        try:
            promotion = promote(stage, freight, actor=request_actor(request), now=now())
        except PlatformError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            self.message_user(request, f"Promotion {promotion.name} is queued.")


@admin.register(FreightArtifact)
class FreightArtifactAdmin(ReadOnlyAdmin[FreightArtifact]):
    list_display = ("freight", "kind", "repo_url", "version")
    list_filter = ("kind", "freight__project")
    list_select_related = ("freight",)
    search_fields = ("repo_url", "version", "freight__name", "freight__alias")
    ordering = ("-pk",)
