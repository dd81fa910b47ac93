"""What we write fits Kargo's own schemas, with nothing in it that they do not know."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import transaction
from jsonschema import Draft202012Validator
from pytest_django import DjangoDbBlocker

from common.models import Resource
from projects.models import ClusterConfig, Project, ProjectConfig
from promotions.engine.phases import PromotionPhase
from promotions.manifests.writers import write_manifest
from promotions.models import (
    AutoPromotionHold,
    ClusterPromotionTask,
    Freight,
    Promotion,
    PromotionTask,
    Stage,
    StepExecution,
    Verification,
    Warehouse,
)
from promotions.services.apply import apply_documents
from rbac.actors import operator_at_console
from tests.conformance.vectors import DIRECTORY
from tests.factories.domain import (
    NOON,
    hold_freight,
    make_freight,
    make_promotion,
    make_stage,
    make_standing,
    make_tenant,
    make_warehouse,
)

pytestmark = pytest.mark.django_db

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "crds"
EXAMPLES = Path(__file__).resolve().parents[1] / "compat" / "manifests"
MODELS: dict[str, type[Resource]] = {
    "clusterconfigs": ClusterConfig,
    "clusterpromotiontasks": ClusterPromotionTask,
    "freights": Freight,
    "projectconfigs": ProjectConfig,
    "projects": Project,
    "promotions": Promotion,
    "promotiontasks": PromotionTask,
    "stages": Stage,
    "warehouses": Warehouse,
}


def closed(schema: Any) -> Any:
    """Return the schema with unknown fields forbidden wherever fields are listed."""
    if isinstance(schema, list):
        return [closed(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    written = {key: closed(value) for key, value in schema.items()}
    is_open = "x-kubernetes-preserve-unknown-fields" in schema
    if isinstance(schema.get("properties"), dict) and not is_open:
        written.setdefault("additionalProperties", False)
    return written


@cache
def validator(plural: str) -> Draft202012Validator:
    file = SCHEMAS / f"kargo.akuity.io_{plural}.yaml"
    if not file.exists():
        pytest.skip(f"no schema {file.name} in {SCHEMAS}")
    definition = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return Draft202012Validator(closed(schema))


@pytest.fixture(scope="module")
def _world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make it once; each test's own transaction is inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        make_world()
        yield
        transaction.set_rollback(True)


def make_world() -> None:
    for path in sorted(EXAMPLES.glob("*.yaml")):
        apply_documents(
            path.read_bytes(), tenant=make_tenant(), actor=operator_at_console("root"), now=NOON
        )
    project = Project.objects.get(name="storefront")
    warehouse = make_warehouse(project, "extra", discovered=_discovered(), last_freight_name="f")
    stage = make_stage(project, "busy", warehouse="extra", shard="eu")
    old, new = make_freight(warehouse, tag="v1"), make_freight(warehouse, tag="v2")
    done = make_promotion(
        stage,
        old,
        phase=PromotionPhase.SUCCEEDED,
        state={"out": {"one": 1}},
        health_checks=[{"uses": "argocd-update", "config": {"apps": []}}],
        freight_collection={"Warehouse/extra": old.name},
        message="fine",
        current_step=1,
    )
    running = make_promotion(stage, new, phase=PromotionPhase.RUNNING)
    StepExecution.objects.create(
        promotion=done,
        index=0,
        alias="out",
        kind="compose-output",
        status="Succeeded",
        error_count=1,
        started_at=NOON,
        finished_at=NOON,
        continue_on_error=True,
    )
    collection = hold_freight(stage, old, promotion=done)
    Verification.objects.create(
        collection=collection, phase="Successful", started_at=NOON, finished_at=NOON
    )
    AutoPromotionHold.objects.create(
        stage=stage,
        origin="Warehouse/extra",
        freight_name=old.name,
        promotion_name=done.name,
        actor="email:alice@example.com",
        created_at=NOON,
    )
    make_standing(
        stage,
        new,
        verified_at=NOON,
        approved_at=NOON,
        current_since=NOON,
        longest_soak=timedelta(hours=1, seconds=1),
    )
    Freight.objects.filter(pk=new.pk).update(metadata={"ticket": {"id": 1}})
    Stage.objects.filter(pk=stage.pk).update(
        current_promotion=running,
        last_promotion=done,
        health={"status": "Healthy", "issues": ["none"], "output": [{}]},
        metadata={"key": [1]},
        auto_promotion_enabled=True,
        observed_generation=1,
        handled_refresh="token",
        conditions=project.conditions,
    )


def _discovered() -> dict[str, Any]:
    return {
        "discoveredAt": "2026-06-01T12:00:00Z",
        "git": [
            {
                "repoURL": "https://github.com/example/app.git",
                "commits": [{"id": "a1", "branch": "main", "creatorDate": "2026-06-01T12:00:00Z"}],
            }
        ],
    }


@pytest.mark.usefixtures("_world")
@pytest.mark.parametrize("plural", MODELS)
def test_every_stored_object_is_written_as_its_schema_says(plural: str) -> None:
    schema = validator(plural)

    written = [write_manifest(row) for row in MODELS[plural].everything.all()]
    problems = [
        f"{document['metadata']['name']} {error.json_path}: {error.message}"
        for document in written
        for error in schema.iter_errors(document)
    ]

    assert written
    assert problems == []


@pytest.mark.usefixtures("_world")
def test_a_busy_stage_shows_all_of_its_status() -> None:
    stage = Stage.objects.get(name="busy")

    status = write_manifest(stage)["status"]

    assert set(status) == {
        "autoPromotionEnabled",
        "autoPromotionHolds",
        "conditions",
        "currentPromotion",
        "freightHistory",
        "freightSummary",
        "health",
        "lastHandledRefresh",
        "lastPromotion",
        "metadata",
        "observedGeneration",
    }
    (collection,) = status["freightHistory"]
    (item,) = collection["items"].values()
    assert status["freightSummary"] == item["name"]
    assert collection["verificationHistory"][0]["phase"] == "Successful"
    assert status["lastPromotion"]["status"]["stepExecutionMetadata"][0]["alias"] == "out"


@pytest.mark.usefixtures("_world")
def test_freight_shows_where_it_is_and_how_long_it_soaked() -> None:
    freight = Freight.objects.get(standings__verified_at__isnull=False)

    status = write_manifest(freight)["status"]

    assert status["currentlyIn"] == {"busy": {"since": "2026-06-01T12:00:00Z"}}
    assert status["verifiedIn"]["busy"]["longestSoak"] == "1h0m1s"
    assert status["metadata"] == {"ticket": {"id": 1}}


@pytest.mark.usefixtures("_world")
def test_a_promotion_names_its_stage_as_owner() -> None:
    metadata = write_manifest(Promotion.objects.get(phase="Running"))["metadata"]

    assert metadata["ownerReferences"][0]["name"] == "busy"
    assert metadata["labels"]["kargo.akuity.io/stage"] == "busy"
    assert metadata["annotations"]["kargo.akuity.io/create-actor"] == "email:alice@example.com"


@pytest.mark.usefixtures("_world")
def test_a_history_shows_at_most_ten_collections() -> None:
    stage = Stage.objects.get(name="busy")
    freight = Freight.objects.filter(warehouse__name="extra")[0]
    for _ in range(12):
        hold_freight(stage, freight)

    assert len(write_manifest(stage)["status"]["freightHistory"]) == 10
