"""Lists of many: as many queries as for few, and what is kept of them is never stale."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.clock import now
from promotions.engine.verification import NextAct
from promotions.manifests.rendered import KeptManifests, Version
from promotions.models import Freight, Promotion, Stage
from promotions.selectors.freight import current_collection
from promotions.services.freight import approve_freight, rename_freight
from promotions.services.promotions import abort_promotion, create_promotion
from promotions.services.verifications import carry_out
from tests.factories.domain import NOON, hold_freight, make_freight, make_promotion, make_standing
from tests.factories.people import actor_of
from tests.factories.rich import Rich, make_rich
from tests.functional.api.conftest import Scene

P = "/v1beta1/projects/demo"
LISTS = [
    "stages",
    "stages?freightOrigins=main",
    "freight",
    "freight?groupBy=image_repo&orderBy=tag",
    "freight?stage=prod",
    "promotions",
    "warehouses",
    "images",
    "events",
]


@pytest.fixture
def rich(db: None) -> Rich:
    return make_rich()


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"{P}/{path}").status_code == 200
    return len(captured)


def _add_more(scene: Scene, count: int) -> None:
    for number in range(count):
        freight = make_freight(scene.warehouse, tag=f"3.{number}.{count}")
        other = make_freight(scene.warehouse, tag=f"4.{number}.{count}")
        make_standing(scene.test, freight, verified_at=NOON)
        kept = {"Warehouse/main": freight.name, "Warehouse/other": other.name}
        promotion = make_promotion(scene.test, freight, freight_collection=kept)
        stage = Stage.objects.create(
            project=scene.project,
            name=f"more-{count}-{number}",
            spec=scene.prod.spec,
            current_promotion=promotion,
            last_promotion=promotion,
        )
        hold_freight(stage, freight, promotion=promotion)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_many_takes_as_many_queries_as_one_of_few(
    operator: Client, scene: Scene, path: str
) -> None:
    _add_more(scene, 2)
    _queries(operator, path)
    few = _queries(operator, path)
    _add_more(scene, 9)

    assert _queries(operator, path) == few


@pytest.mark.parametrize(("path", "queries"), [("freight", 1), ("stages", 1), ("promotions", 1)])
def test_what_was_sent_before_is_not_read_again(
    operator: Client, rich: Rich, path: str, queries: int
) -> None:
    Freight.objects.update(revision=1)
    Stage.objects.update(revision=1)
    Promotion.objects.update(revision=1)
    table = {"freight": "promotions_freight", "stages": "promotions_stage"}
    first = operator.get(f"{P}/{path}").content

    with CaptureQueriesContext(connection) as captured:
        second = operator.get(f"{P}/{path}").content

    name = table.get(path, "promotions_promotion")
    asked = [it for it in captured.captured_queries if f'FROM "{name}"' in it["sql"]]
    assert first == second
    assert len(asked) == queries


def test_whatever_a_list_shows_of_freight_is_as_it_is_now(operator: Client, rich: Rich) -> None:
    def shown() -> dict[str, object]:
        items = operator.get(f"{P}/freight").json()["groups"][""]["items"]
        return next(it for it in items if it["metadata"]["name"] == rich.spare.name)

    before, actor = shown(), actor_of(rich.project)
    rename_freight(rich.spare, "new-name", actor=actor, now=now())
    renamed = shown()
    approve_freight(rich.spare, rich.prod, actor=actor, now=now())

    assert before["alias"] == "brave-bear-2"
    assert renamed["alias"] == "new-name"
    assert "approvedFor" in str(shown()["status"])


def test_whatever_a_list_shows_of_a_stage_is_as_it_is_now(operator: Client, rich: Rich) -> None:
    def status() -> dict[str, object]:
        items = operator.get(f"{P}/stages").json()["items"]
        return next(it["status"] for it in items if it["metadata"]["name"] == "test")

    actor = actor_of(rich.project)
    promotion = create_promotion(
        Stage.objects.get(pk=rich.test.pk), rich.spare, actor=actor, now=now()
    )
    Stage.objects.filter(pk=rich.test.pk).update(current_promotion=promotion)
    before = status()
    abort_promotion(promotion, actor=actor, reason="", now=now())
    after = status()
    stage = Stage.objects.select_related("project__tenant").get(pk=rich.test.pk)
    collection = current_collection(stage)
    assert collection is not None
    carry_out(NextAct.SUCCEED, collection, stage=stage, now=now())

    assert before["currentPromotion"]["status"]["phase"] == "Pending"  # type: ignore[index] # JSON
    assert after["currentPromotion"]["status"]["phase"] == "Aborted"  # type: ignore[index] # JSON
    assert str(status()).count("Successful") > str(after).count("Successful")


def test_what_was_deleted_is_in_no_list(alice: Client, scene: Scene) -> None:
    Freight.objects.update(revision=1)
    assert scene.new.name in alice.get(f"{P}/freight").content.decode()

    alice.delete(f"{P}/freight/{scene.new.name}")

    assert scene.new.name not in alice.get(f"{P}/freight").content.decode()


def test_only_so_much_is_kept(scene: Scene) -> None:
    kept = KeptManifests(limit_bytes=10)
    versions = [Version(scene.test.uid, number) for number in range(1, 4)]

    kept.keep({versions[0]: b"12345", versions[1]: b"12345"})
    kept.find([versions[0]])
    kept.keep({versions[2]: b"123"})

    assert list(kept.find(versions)) == [versions[0], versions[2]]
    assert not Version(scene.test.uid, 0).can_be_kept
