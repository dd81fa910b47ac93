"""What people do from pages: plain forms that act, say what came of it, and lead back."""

from abc import ABC, abstractmethod
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from common.clock import now
from common.errors import InvalidError, NotFoundError, PlatformError
from projects.web import ProjectMixin
from promotions.models import PromotionRequest
from promotions.selectors.freight import freight_named
from promotions.selectors.pipeline import stage_standing
from promotions.selectors.targets import is_target_aware
from promotions.selectors.timeline import promotion_named
from promotions.selectors.warehouses import warehouse_named
from promotions.services.freight import approve_freight
from promotions.services.previews import request_preview
from promotions.services.promote import promote
from promotions.services.promote_rights import require_may_promote, require_promote
from promotions.services.promotions import abort_promotion
from promotions.services.stages import refresh_stage
from promotions.services.warehouses import refresh_warehouse
from rbac.addresses import is_own_page


class Action(ProjectMixin, ABC):
    """A form's target: :meth:`act` does it and returns what to say and where to go."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: object) -> HttpResponse:
        try:
            message, destination = self.act(now())
        except NotFoundError as error:
            raise Http404(error.message) from error
        except PlatformError as error:
            messages.error(request, error.message)
            return self._back(self.origin())
        if message:
            messages.success(request, message)
        return self._back(destination)

    @abstractmethod
    def act(self, now: datetime) -> tuple[str, str]:
        """Do what was asked for; return what to say, if anything, and where to go."""

    @abstractmethod
    def origin(self) -> str:
        """Return the page that the form is on, for when the act fails."""

    def page(self, name: str, key: str) -> str:
        return reverse(f"portal:{name}", args=[self.project.name, key])

    def _back(self, destination: str) -> HttpResponseRedirect:
        wanted = self.request.POST.get("next", "")
        return HttpResponseRedirect(wanted if is_own_page(wanted) else destination)


class PromoteStage(Action):
    access_resource = "stages"
    access_verb = "promote"
    access_name_in = "stage"

    def act(self, now: datetime) -> tuple[str, str]:
        stage = stage_standing(self.project, self.kwargs["stage"]).stage
        chosen = self.request.POST.get("freight", "")
        if not chosen:
            raise InvalidError("Choose the freight to promote first.")
        require_may_promote(self.actor, stage)
        freight = freight_named(self.project, chosen)
        promotion = promote(stage, freight, actor=self.actor, now=now)
        said = f"Promotion of {freight.alias or freight.name} to {stage.name} is queued."
        if isinstance(promotion, PromotionRequest):
            return said, self.page("stage", stage.name)
        return said, self.page("promotion", promotion.name)

    def origin(self) -> str:
        return self.page("stage", self.kwargs["stage"])


class PreviewPromotion(Action):
    access_resource = "stages"
    access_verb = "promote"
    access_name_in = "stage"

    def act(self, now: datetime) -> tuple[str, str]:
        stage = stage_standing(self.project, self.kwargs["stage"]).stage
        chosen = self.request.POST.get("freight", "")
        if not chosen:
            raise InvalidError("Choose the freight to preview first.")
        require_may_promote(self.actor, stage)
        freight = freight_named(self.project, chosen)
        target = self.request.POST.get("target", "") if is_target_aware(stage) else ""
        preview = request_preview(stage, freight, actor=self.actor, now=now, target=target)
        return "", reverse("portal:preview", args=[self.project.name, stage.name, preview.uid])

    def origin(self) -> str:
        return self.page("stage", self.kwargs["stage"])


class AbortPromotion(Action):
    access_resource = "promotions"
    access_verb = "patch"

    def act(self, now: datetime) -> tuple[str, str]:
        promotion = promotion_named(self.project, self.kwargs["promotion"])
        reason = self.request.POST.get("reason", "").strip()
        abort_promotion(promotion, actor=self.actor, reason=reason, now=now)
        return "The promotion is aborted.", self.origin()

    def origin(self) -> str:
        return self.page("promotion", self.kwargs["promotion"])


class RefreshStage(Action):
    access_resource = "stages"
    access_verb = "get"

    def act(self, now: datetime) -> tuple[str, str]:
        stage = stage_standing(self.project, self.kwargs["stage"]).stage
        refresh_stage(stage, actor=self.actor, now=now)
        return f"Looking at {stage.name} again.", self.origin()

    def origin(self) -> str:
        return self.page("stage", self.kwargs["stage"])


class RefreshWarehouse(Action):
    access_resource = "warehouses"
    access_verb = "get"

    def act(self, now: datetime) -> tuple[str, str]:
        warehouse = warehouse_named(self.project, self.kwargs["warehouse"])
        refresh_warehouse(warehouse, actor=self.actor, now=now)
        return f"{warehouse.name} is looking for new revisions.", self.origin()

    def origin(self) -> str:
        return self.page("warehouse", self.kwargs["warehouse"])


class ApproveFreight(Action):
    access_resource = "freights/status"
    access_verb = "patch"

    def act(self, now: datetime) -> tuple[str, str]:
        freight = freight_named(self.project, self.kwargs["freight"])
        stage = stage_standing(self.project, self.request.POST.get("stage", "")).stage
        require_promote(self.actor, stage)
        approve_freight(freight, stage, actor=self.actor, now=now)
        return f"{freight.alias or freight.name} is approved for {stage.name}.", self.origin()

    def origin(self) -> str:
        return self.page("freight", self.kwargs["freight"])
