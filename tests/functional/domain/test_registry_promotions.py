"""Promotions that move charts: from a Warehouse that finds them to another registry."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from common.jsontypes import JSONValue
from promotions.models import Freight
from tests.fakes.oci_registry import PASSWORD, USER, Registry, running_registry
from tests.functional.domain.conftest import build
from tests.functional.domain.world import World, steps_of


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("guarded"), with_auth=True) as running:
        yield running


def give_credential(world: World, kind: str, url: str) -> None:
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"{kind}-registry",
                "namespace": world.project.name,
                "labels": {"kargo.akuity.io/cred-type": kind},
            },
            "stringData": {"repoURL": url, "username": USER, "password": PASSWORD},
        }
    )


def test_a_chart_that_was_found_is_copied_and_downloaded(
    operator: Settings, world: World, registry: Registry, guarded: Registry
) -> None:
    operator.INSECURE_REGISTRIES = [registry.host, guarded.host]
    world = build(operator, project=world.project)
    guarded.push_chart("charts/shop", "1.0.0")
    guarded.push_chart("charts/shop", "1.1.0")
    url = f"oci://{guarded.host}/charts/shop"
    give_credential(world, "helm", url)
    version = f'${{{{ chartFrom("{url}").Version }}}}'
    steps: list[JSONValue] = [
        {
            "uses": "oci-push",
            "as": "push",
            "config": {
                "srcRef": f"{url}:{version}",
                "destRef": f"oci://{registry.host}/prod/shop:{version}",
                "annotations": {"promoted-to": "${{ ctx.stage }}"},
            },
        },
        {
            "uses": "oci-download",
            "as": "fetch",
            "config": {
                "imageRef": f"{registry.host}/prod/shop@${{{{ outputs.push.digest }}}}",
                "outPath": "charts/shop.tgz",
            },
        },
    ]
    stage = world.stage("test", *steps)
    world.watch({"chart": {"repoURL": url}})
    world.settle()

    promotion = world.promote(stage, Freight.objects.get())
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded", promotion.message
    assert steps_of(promotion) == [("push", "Succeeded"), ("fetch", "Succeeded")]
    assert promotion.state["push"] == {
        "image": f"{registry.host}/prod/shop:1.1.0",
        "digest": registry.digest("prod/shop", "1.1.0"),
        "tag": "1.1.0",
    }
    assert registry.document("prod/shop", "1.1.0")["annotations"] == {"promoted-to": "test"}
