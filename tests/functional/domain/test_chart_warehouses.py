"""Warehouses that watch Helm charts, in HTTP repositories and in OCI registries."""

import base64
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from common.clock import now as read_clock
from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object
from promotions.engine.freight import Chart, FreightOrigin, freight_name
from promotions.models import Freight, Warehouse
from promotions.portal.warehouses import discovered_in
from promotions.services.warehouses import refresh_warehouse
from tests.fakes.oci_registry import Answer, Asked, Registry, Scripted, scripted_server
from tests.functional.domain.conftest import build
from tests.functional.domain.world import World, condition, words

READY = ("True", "ArtifactsDiscovered")


class Shelf:
    """A classic chart repository: versions of charts, and who may read them."""

    def __init__(self) -> None:
        self.charts: dict[str, list[str]] = {}
        self.password = ""
        self.status = 200

    def __call__(self, asked: Asked) -> Answer:
        sent = asked.headers.get("authorization", "").removeprefix("Basic ")
        if self.password and base64.b64decode(sent) != f"bob:{self.password}".encode():
            return Answer(401)
        lines = ["apiVersion: v1", "entries:"]
        for name, versions in self.charts.items():
            lines += [f"  {name}:", *(f"  - {{name: {name}, version: {it}}}" for it in versions)]
        return Answer(self.status, "\n".join(lines).encode())


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def server(shelf: Shelf) -> Iterator[Scripted]:
    with scripted_server(shelf) as running:
        yield running


def chart(url: str, name: str = "", **more: JSONValue) -> JSONObject:
    return {"chart": {"repoURL": url, **({"name": name} if name else {}), **more}}


def found(warehouse: Warehouse) -> JSONObject:
    """Return the first chart subscription's result."""
    warehouse.refresh_from_db()
    assert warehouse.discovered is not None
    return as_object(warehouse.discovered["charts"][0])


def give_credential(world: World, url: str, *, kind: str = "helm") -> None:
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"{kind}-repository",
                "namespace": world.project.name,
                "labels": {"kargo.akuity.io/cred-type": kind},
            },
            "stringData": {"repoURL": url, "username": "bob", "password": "pw"},
        }
    )


def test_the_newest_version_of_a_chart_becomes_freight(
    world: World, shelf: Shelf, server: Scripted
) -> None:
    shelf.charts = {
        "web": ["1.2.0", "1.10.0", "2.0.0-rc.1", "oddity", "v1.9.0"],
        "other": ["9.0.0"],
    }
    url = f"http://{server.host}/stable"

    warehouse = world.watch(
        {**chart(url, "web", semverConstraint="^1.0.0", discoveryLimit=2), "name": "charts"}
    )
    world.settle()

    assert condition(warehouse, "Ready") == READY, words(warehouse)
    assert found(warehouse) == {
        "repoURL": url,
        "name": "web",
        "semverConstraint": "^1.0.0",
        "subscriptionName": "charts",
        "versions": ["1.10.0", "v1.9.0"],
    }
    freight = Freight.objects.get()
    document = {"repoURL": url, "name": "web", "version": "1.10.0", "subscriptionName": "charts"}
    assert freight.artifacts.get().document == document
    assert freight.name == freight_name(
        FreightOrigin("main"),
        charts=[Chart(repo_url=url, name="web", version="1.10.0", subscription_name="charts")],
    )
    assert discovered_in(warehouse)[0]["finds"] == [
        {"version": "1.10.0", "note": ""},
        {"version": "v1.9.0", "note": ""},
    ]


def test_a_chart_in_a_registry_is_watched_by_its_tags(
    operator: Settings, world: World, registry: Registry
) -> None:
    operator.INSECURE_REGISTRIES = [registry.host]
    world = build(operator, project=world.project)
    for version in ("1.0.0", "1.1.0+build.7", "0.9.0"):
        registry.push_chart("charts/app", version)
    registry.push_artifact("charts/app", "latest")
    registry.push_artifact("charts/app", "v3.0.0")
    url = f"oci://{registry.host}/charts/app"

    warehouse = world.watch(chart(url))
    world.settle()

    assert condition(warehouse, "Ready") == READY, words(warehouse)
    assert found(warehouse)["versions"] == ["1.1.0+build.7", "1.0.0", "0.9.0"]
    artifact = Freight.objects.get().artifacts.get()
    assert artifact.document == {"repoURL": url, "version": "1.1.0+build.7"}


def test_a_new_version_is_new_freight_and_the_same_is_not(
    world: World, shelf: Shelf, server: Scripted
) -> None:
    shelf.charts = {"web": ["1.0.0"]}
    warehouse = world.watch(chart(f"http://{server.host}", "web"))
    world.settle()
    for versions in (["1.0.0"], ["1.0.0", "1.1.0"]):
        shelf.charts["web"] = versions
        refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
        world.settle()

    rows = Freight.objects.order_by("pk")
    assert [row.artifacts.get().version for row in rows] == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize("name", ["missing", "unfit"])
def test_a_chart_without_a_version_makes_no_freight(
    world: World, shelf: Shelf, server: Scripted, name: str
) -> None:
    shelf.charts = {"unfit": ["0.1.0"]}

    warehouse = world.watch(chart(f"http://{server.host}", name, semverConstraint=">=1.0.0"))
    world.settle()

    assert condition(warehouse, "Healthy") == ("False", "NoChartVersionsDiscovered")
    assert condition(warehouse, "Ready") == ("False", "MissingChartVersions")
    assert found(warehouse)["versions"] == []
    assert not Freight.objects.exists()


def test_the_criteria_may_look_at_charts(world: World, shelf: Shelf, server: Scripted) -> None:
    shelf.charts = {"web": ["1.0.0"]}
    url = f"http://{server.host}"
    for wanted, count in (("2.0.0", 0), ("1.0.0", 1)):
        expression = f"chartFrom('{url}', 'web').Version == '{wanted}'"
        world.watch(chart(url, "web"), freightCreationCriteria={"expression": expression})
        world.settle()
        assert Freight.objects.count() == count


def test_a_repository_with_a_password_is_read_with_the_credentials_of_helm(
    world: World, shelf: Shelf, server: Scripted
) -> None:
    shelf.charts, shelf.password = {"web": ["1.0.0"]}, "pw"
    url = f"http://{server.host}/private"
    give_credential(world, url, kind="image")

    warehouse = world.watch(chart(url, "web"))
    world.settle()
    refused = words(warehouse, "Healthy")
    give_credential(world, url)
    world.hasten(warehouse)

    assert "refused anonymous access" in refused
    assert condition(warehouse, "Ready") == READY, words(warehouse)


@pytest.mark.parametrize("status", [404, 500])
def test_a_repository_that_fails_is_told_in_words_and_recovers(
    world: World, shelf: Shelf, server: Scripted, status: int
) -> None:
    shelf.charts, shelf.status = {"web": ["1.0.0"]}, status

    warehouse = world.watch(chart(f"http://{server.host}", "web"))
    world.settle()
    failed = condition(warehouse, "Healthy")
    told = words(warehouse, "Healthy")
    shelf.status = 200
    world.hasten(warehouse)

    assert failed == ("False", "DiscoveryFailed")
    assert f"http://{server.host}" in told
    assert condition(warehouse, "Ready") == READY, words(warehouse)


def test_one_index_serves_several_charts(world: World, shelf: Shelf, server: Scripted) -> None:
    shelf.charts = {"web": ["1.0.0"], "api": ["2.0.0"]}
    url = f"http://{server.host}"

    warehouse = world.watch(chart(url, "web"), chart(url, "api"))
    world.settle()

    assert condition(warehouse, "Ready") == READY, words(warehouse)
    artifacts = Freight.objects.get().artifacts.order_by("pk")
    assert [(it.document["name"], it.version) for it in artifacts] == [
        ("web", "1.0.0"),
        ("api", "2.0.0"),
    ]


@pytest.mark.parametrize(
    ("document", "words_of_it"),
    [
        (chart("https://h.example.com"), "name"),
        (chart("oci://h.example.com/a", "web"), "name"),
        (chart("ftp://h.example.com/a", "web"), "repoURL"),
        (chart("https://h.example.com", "web", semverConstraint="not a range"), "semverConstraint"),
        (chart("https://h.example.com", "web", discoveryLimit=101), "discoveryLimit"),
    ],
)
def test_a_malformed_subscription_is_refused_at_the_door(
    world: World, document: JSONObject, words_of_it: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        world.watch(document)

    assert any(f"chart.{words_of_it}" in problem.path for problem in caught.value.problems)
