"""Which Argo CD Applications does a Stage depend on, where are they shown, and how are they?"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import ControlPlane
from promotions.engine.argocd.addressed import AddressedApp
from promotions.models import AddressedApplication, Stage
from promotions.selectors.control_planes import control_plane_for


@dataclass(frozen=True, slots=True)
class LinkedApplication:
    """An Application of a Stage.

    Attributes:
        url: Its page in Argo CD; empty if it is not known where that is.
        health: In Argo CD's words, as the last health check found it; may be empty.
    """

    namespace: str
    name: str
    url: str = ""
    health: str = ""
    sync: str = ""


def applications_of(stage: Stage) -> list[LinkedApplication]:
    """Return the Applications that a Stage depends on, by namespace and name."""
    rows = AddressedApplication.objects.filter(stage=stage).order_by("namespace", "name", "pk")
    found = [AddressedApp(row.namespace, row.name) for row in rows]
    if not found:
        return []
    base, statuses = _pages_of(stage), _statuses(stage)
    return [_linked(it, base, statuses.get(it, {})) for it in found]


def _linked(application: AddressedApp, base: str, status: JSONObject) -> LinkedApplication:
    path = f"applications/{quote(application.namespace)}/{quote(application.name)}"
    return LinkedApplication(
        *application,
        url=f"{base}/{path}" if base else "",
        health=as_text(as_object(status.get("health")).get("status")),
        sync=as_text(as_object(status.get("sync")).get("status")),
    )


def _pages_of(stage: Stage) -> str:
    """Return where the pages of the Stage's Argo CD are; empty if that is not known."""
    project = stage.project
    plane = control_plane_for(
        tenant_uid=project.tenant.uid, shard=stage.shard, project_uid=project.uid
    )
    if plane is None:
        return ""
    return _address_of_pages(plane).rstrip("/")


def _address_of_pages(plane: ControlPlane) -> str:
    if given := as_text(plane.spec.get("uiUrl")):
        return given
    is_server = plane.kind == "rest"  # which serves both; a Kubernetes API serves no pages
    return as_text(plane.spec.get("address")) if is_server else ""


def _statuses(stage: Stage) -> Mapping[AddressedApp, JSONObject]:
    outputs = map(as_object, as_list((stage.health or {}).get("output")))
    statuses = [as_object(it) for out in outputs for it in as_list(out.get("applicationStatuses"))]
    return {
        AddressedApp(as_text(it.get("Namespace")), as_text(it.get("Name"))): it for it in statuses
    }
