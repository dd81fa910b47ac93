"""Kargo's web UI: the links from a Stage to its Argo CD Applications."""

import json
from typing import Any

import pytest

from promotions.engine.phases import PromotionPhase
from promotions.models import Stage
from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.factories.domain import (
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_warehouse,
)
from tests.factories.people import make_operator

pytestmark = pytest.mark.django_db

P = "/v1beta1/projects/demo"
CONTEXT = "kargo.akuity.io/argocd-context"


@pytest.fixture
def stage() -> Stage:
    project = make_project()
    make_warehouse(project)
    return make_stage(project)


@pytest.fixture
def looking(stage: Stage, page_of: PageOf) -> Page:
    return page_of(make_operator("admin"))


def succeed(stage: Stage, *apps: dict[str, Any]) -> None:
    """Let a promotion succeed whose health checks watch these Applications."""
    freight = make_freight(stage.project.warehouses.get())
    promotion = make_promotion(
        stage,
        freight,
        phase=PromotionPhase.SUCCEEDED,
        health_checks=[{"uses": "argocd-update", "config": {"apps": list(apps)}}],
    )
    hold_freight(stage, freight, promotion=promotion)


def contexts(page: Page) -> list[Any]:
    """Return what the annotation says, in the list and in the Stage itself."""
    documents = [*page.get(f"{P}/stages")["items"], page.get(f"{P}/stages/test")]
    texts = [it["metadata"].get("annotations", {}).get(CONTEXT) for it in documents]
    return [text and json.loads(text) for text in texts]


def test_a_stage_names_the_applications_that_its_last_success_watches(
    stage: Stage, looking: Page
) -> None:
    succeed(stage, {"name": "old", "namespace": "apps"})
    succeed(
        stage,
        {"name": "shop", "namespace": "apps", "desiredRevisions": ["abc"]},
        {"name": "shop", "namespace": "apps"},
        {"name": "blog"},
        {"namespace": "apps"},
    )

    assert contexts(looking) == 2 * [
        [{"name": "shop", "namespace": "apps"}, {"name": "blog", "namespace": "argocd"}]
    ]


def test_a_stage_whose_last_success_watches_none_names_none(stage: Stage, looking: Page) -> None:
    succeed(stage, {"name": "old", "namespace": "apps"})
    succeed(stage)

    assert contexts(looking) == [None, None]


def test_a_stage_that_was_never_promoted_names_none(stage: Stage, looking: Page) -> None:
    assert contexts(looking) == [None, None]


def test_a_stage_that_became_control_flow_names_none(stage: Stage, looking: Page) -> None:
    succeed(stage, {"name": "old", "namespace": "apps"})
    document = looking.get(f"{P}/stages/test")
    del document["spec"]["promotionTemplate"]
    assert looking.manifests("PUT", document).status == 200

    assert contexts(looking) == [None, None]


def test_what_an_editor_sends_back_of_it_is_not_kept(stage: Stage, looking: Page) -> None:
    succeed(stage, {"name": "shop", "namespace": "apps"})
    document = looking.get(f"{P}/stages/test")
    document["metadata"]["annotations"][CONTEXT] = '[{"name":"made-up","namespace":"x"}]'

    assert looking.manifests("PUT", document).status == 200

    assert contexts(looking) == 2 * [[{"name": "shop", "namespace": "apps"}]]
