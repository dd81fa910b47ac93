from typing import Any

import pytest

from common.errors import ConflictError, ForbiddenError, InvalidError
from promotions.manifests.aliases import ADJECTIVES, NOUNS
from promotions.manifests.freight import to_manifest
from promotions.models import Freight, Stage, StageFreight, Warehouse
from promotions.services.freight import (
    approve_freight,
    create_freight,
    delete_freight,
    rename_freight,
)
from tests.factories.domain import NOON, hold_freight
from tests.integration.manifests.support import (
    ALICE,
    FREIGHT,
    PROJECT,
    STAGE,
    WAREHOUSE,
    apply,
    apply_well,
    changed,
    only,
    problems,
)

pytestmark = pytest.mark.django_db

COMMIT = {"repoURL": "https://github.com/example/app.git", "id": "2" * 40}
IMAGE = {"repoURL": "ghcr.io/example/app", "tag": "v1.1.0", "digest": "sha256:ef01"}
WHEN: dict[str, Any] = {"actor": ALICE, "now": NOON}


@pytest.fixture
def warehouse() -> Warehouse:
    apply_well(PROJECT, WAREHOUSE, STAGE)
    return Warehouse.objects.select_related("project__tenant").get()


def create(warehouse: Warehouse, alias: str = "") -> Freight:
    contents = {"commits": [COMMIT], "images": [IMAGE]}
    freight, _ = create_freight(warehouse, contents, alias=alias, discovered_at=NOON, **WHEN)
    return freight


def test_a_missing_alias_is_made_of_an_adjective_and_a_noun(warehouse: Warehouse) -> None:
    adjective, noun = create(warehouse).alias.split("-")

    assert adjective in ADJECTIVES
    assert noun in NOUNS


def test_there_are_enough_words_for_aliases() -> None:
    assert len(set(ADJECTIVES)) >= 200
    assert len(set(NOUNS)) >= 200


def test_the_same_contents_are_the_same_freight(warehouse: Warehouse) -> None:
    first = create(warehouse)

    again, is_new = create_freight(
        warehouse, {"images": [IMAGE], "commits": [COMMIT]}, discovered_at=NOON, **WHEN
    )

    assert not is_new
    assert again.pk == first.pk


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        ({"commits": [COMMIT]}, 'images: there is no artifact of "ghcr.io/example/app"'),
        ({"images": [IMAGE]}, "commits: there is no artifact of"),
        (
            {"commits": [COMMIT, {**COMMIT, "id": "3" * 40}], "images": [IMAGE]},
            "commits[1]: there is more than one artifact of",
        ),
        (
            {"commits": [COMMIT], "images": [IMAGE, {**IMAGE, "tag": "v2"}]},
            "images[1]: there is more than one artifact of",
        ),
        (
            {"commits": [COMMIT], "images": [IMAGE, {"repoURL": "nginx", "tag": "1"}]},
            'images[1]: the Warehouse has no subscription for "nginx"',
        ),
        (
            {"commits": [COMMIT], "images": [IMAGE], "charts": [{"repoURL": "oci://x/y"}]},
            'charts[0]: the Warehouse has no subscription for "oci://x/y"',
        ),
        ({}, "there is no artifact of"),
    ],
)
def test_contents_must_cover_each_subscription_once(
    warehouse: Warehouse, contents: dict[str, list[dict[str, str]]], reason: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        create_freight(warehouse, contents, discovered_at=NOON, **WHEN)

    assert reason in caught.value.message


def test_git_repositories_are_compared_in_normal_form(warehouse: Warehouse) -> None:
    commit = {**COMMIT, "repoURL": "https://GitHub.com/example/app"}

    _, is_new = create_freight(
        warehouse, {"commits": [commit], "images": [IMAGE]}, discovered_at=NOON, **WHEN
    )

    assert is_new


def test_an_alias_that_is_taken_is_a_conflict(warehouse: Warehouse) -> None:
    create(warehouse, "first")

    report = apply(FREIGHT)

    assert problems(report) == ['alias "first" already exists in project "demo"']


def test_the_alias_of_freight_can_change_and_its_contents_cannot(warehouse: Warehouse) -> None:
    apply_well(FREIGHT)
    named = changed(FREIGHT, metadata__name=Freight.objects.get().name)

    renamed = apply_well(changed(named, alias="second"))
    emptied = apply(changed(named, images__0__tag="v9"))
    moved = apply(changed(named, origin__name="other"))

    assert only(renamed).action.value == "configured"
    assert Freight.objects.get().alias == "second"
    assert "images: is immutable" in problems(emptied)[0]
    assert "origin: is immutable" in problems(moved)[0]


def test_freight_without_artifacts_is_refused() -> None:
    bare = FREIGHT.partition("commits:")[0]

    report = apply(PROJECT, WAREHOUSE, bare)

    assert problems(report) == ["must have at least one of commits, images, charts, artifacts"]


def test_the_alias_is_shown_as_field_and_as_label(warehouse: Warehouse) -> None:
    manifest = to_manifest(create(warehouse, "quiet-otter"))

    assert manifest["alias"] == "quiet-otter"
    assert manifest["metadata"]["labels"] == {"kargo.akuity.io/alias": "quiet-otter"}


def test_freight_can_be_renamed_to_its_own_alias_but_not_to_anothers(
    warehouse: Warehouse,
) -> None:
    apply_well(FREIGHT)
    freight = create(warehouse, "second")

    rename_freight(freight, "second", **WHEN)

    with pytest.raises(ConflictError):
        rename_freight(freight, "first", **WHEN)


def test_approval_is_kept_once(warehouse: Warehouse) -> None:
    freight, stage = create(warehouse), Stage.objects.get()

    approve_freight(freight, stage, **WHEN)
    approve_freight(freight, stage, **WHEN)

    assert StageFreight.objects.get().approved_at == NOON


def test_a_stage_that_does_not_ask_for_the_origin_cannot_be_approved_for(
    warehouse: Warehouse,
) -> None:
    freight, stage = create(warehouse), Stage.objects.get()
    stage.spec["requestedFreight"][0]["origin"]["name"] = "other"

    with pytest.raises(InvalidError, match="does not request"):
        approve_freight(freight, stage, **WHEN)


def test_freight_that_a_stage_holds_cannot_be_deleted(warehouse: Warehouse) -> None:
    freight, stage = create(warehouse), Stage.objects.get()
    hold_freight(stage, freight)

    with pytest.raises(ForbiddenError, match="in use"):
        delete_freight(freight, **WHEN)


def test_freight_that_a_stage_once_held_can_be_deleted(warehouse: Warehouse) -> None:
    old, stage = create(warehouse), Stage.objects.get()
    apply_well(FREIGHT)
    hold_freight(stage, old)
    hold_freight(stage, Freight.objects.get(alias="first"))

    delete_freight(old, **WHEN)

    assert [it.alias for it in Freight.objects.all()] == ["first"]
