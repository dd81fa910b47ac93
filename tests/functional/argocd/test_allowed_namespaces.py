"""A control plane for some namespaces, in the whole platform: promotions, health, and a way out."""

import pytest

from projects.models import ControlPlane
from promotions.models import Stage
from promotions.services.control_plane_specs import manifest_of
from promotions.services.control_planes import update_control_plane
from tests.factories.domain import NOON
from tests.functional.argocd.conftest import Ground
from tests.functional.control_planes.scenes import ROOT

pytestmark = pytest.mark.django_db


def _allow(plane: ControlPlane, *namespaces: str) -> None:
    plane.refresh_from_db()
    spec = {**plane.spec, "allowedNamespaces": list(namespaces)}
    update_control_plane(plane, manifest_of(plane.name, spec), actor=ROOT, now=NOON)


def test_a_promotion_into_a_namespace_that_is_not_allowed_says_what_to_do(ground: Ground) -> None:
    _allow(ground.plane, "team-a", "team-b")

    promotion = ground.promoted(ground.stage("argocd-update"))

    assert promotion.phase == "Errored"
    assert 'is not for Applications in namespace "argocd", but for those in team-a, team-b.' in (
        promotion.message
    )
    assert "allowedNamespaces" in promotion.message
    assert not any("/web" in it.path for it in ground.site.record.requests)


def test_health_in_a_namespace_that_is_allowed_no_more_is_unknown_until_it_is_again(
    ground: Ground,
) -> None:
    stage = ground.stage("argocd-update")
    promotion = ground.promoted(stage)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)
    ground.world.settle()
    assert _health(stage)["status"] == "Healthy"

    _allow(ground.plane, "elsewhere")
    ground.world.hasten(stage)
    assert _health(stage)["status"] == "Unknown"
    assert "is not for Applications in namespace" in str(_health(stage)["issues"])

    _allow(ground.plane, "argocd")
    ground.world.hasten(stage)
    assert _health(stage)["status"] == "Healthy"


def _health(stage: Stage) -> dict[str, object]:
    stage.refresh_from_db()
    return dict(stage.health or {})
