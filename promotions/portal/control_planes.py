"""The tenant's control planes: how each is, what is missing, and what to do soon."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from common.clock import now
from common.errors import PlatformError
from common.jsontypes import as_list
from projects.models import ControlPlane
from projects.models.control_plane import ControlPlaneState
from projects.web import TenantMixin
from promotions import wiring
from promotions.portal.frame import TenantPage
from promotions.portal.states import State, Tone
from promotions.selectors.control_planes import (
    control_plane_named,
    control_planes_of,
    missing_permissions,
    warnings_of,
)
from promotions.selectors.workers import shard_problem
from promotions.services.control_plane_checks import check_control_plane
from promotions.services.control_planes import disable_control_plane, enable_control_plane
from rbac.authorizer import is_allowed

_PLANES = 50
_STATES: Mapping[str, State] = {
    ControlPlaneState.PENDING: State(Tone.WAITING, "Not checked yet"),
    ControlPlaneState.READY: State(Tone.SUCCEEDED, "Ready"),
    ControlPlaneState.DEGRADED: State(Tone.WAITING, "Works in part"),
    ControlPlaneState.UNREACHABLE: State(Tone.FAILED, "Does not answer"),
    ControlPlaneState.UNAUTHORIZED: State(Tone.FAILED, "Refuses the credential"),
    ControlPlaneState.DISABLED: State(Tone.STOPPED, "Switched off"),
}


@dataclass(frozen=True, slots=True)
class PlaneRow:
    """A control plane, and what there is to say about it."""

    plane: ControlPlane
    state: State
    address: str
    ui_url: str
    projects: tuple[str, ...]
    warnings: tuple[str, ...]
    missing: tuple[str, ...]


class ControlPlaneList(TenantPage):
    access_resource = "controlplanes"
    access_verb = "list"
    template_name = "promotions/control_plane_list.html"
    fragment_name = "promotions/_control_plane_list.html"

    def context(self) -> dict[str, Any]:
        found = control_planes_of(self.tenant)
        page = Paginator(found, _PLANES).get_page(self.request.GET.get("page"))
        planes = list(page.object_list)
        dead = {shard: self._dead(shard) for shard in {it.shard for it in planes}}
        return self.frame(
            rows=[_row(it, dead[it.shard], page=self) for it in planes],
            page=page,
            may_change=self._may("update"),
            may_register=self._may("create"),
            section="control-planes",
        )

    def _may(self, verb: str) -> bool:
        return is_allowed(
            self.actor, verb=verb, resource="controlplanes", tenant_uid=self.tenant.uid
        )

    def _dead(self, shard: str) -> str:
        return shard_problem(shard, now=self.now)


class _PlaneAct(TenantMixin):
    """Something that is done to one control plane, by a form; then its list is shown."""

    access_resource = "controlplanes"
    access_name_in = "plane"
    access_verb = "update"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        try:
            plane = control_plane_named(self.tenant, str(self.kwargs["plane"]))
            said = self.act(plane)
        except PlatformError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, said)
        return redirect("portal:control-planes")

    @abstractmethod
    def act(self, plane: ControlPlane) -> str:
        """Do it, and return what to say."""


class CheckControlPlane(_PlaneAct):
    def act(self, plane: ControlPlane) -> str:
        checked = check_control_plane(plane, argocds=wiring.argocds(), actor=self.actor, now=now())
        return f"{checked.name}: {_STATES[checked.state].word}. {checked.reason}".strip()


class EnableControlPlane(_PlaneAct):
    def act(self, plane: ControlPlane) -> str:
        enable_control_plane(plane, actor=self.actor, now=now())
        return f"{plane.name} is switched on; it is checked now."


class DisableControlPlane(_PlaneAct):
    def act(self, plane: ControlPlane) -> str:
        disable_control_plane(plane, actor=self.actor, now=now())
        return f"{plane.name} is switched off."


def _row(plane: ControlPlane, dead: str, *, page: TenantPage) -> PlaneRow:
    spec = plane.spec
    return PlaneRow(
        plane=plane,
        state=_STATES[plane.state],
        address=spec.get("uiUrl") or spec.get("address", ""),
        ui_url=spec.get("uiUrl") or (spec.get("address", "") if plane.kind == "rest" else ""),
        projects=tuple(map(str, as_list(spec.get("projects")))),
        warnings=(*((dead,) if dead else ()), *warnings_of(plane, now=page.now)),
        missing=missing_permissions(plane),
    )
