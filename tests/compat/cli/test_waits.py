"""``--wait``: what is waited for ends, with a worker beside the server as ``make run`` has it."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.compat.cli.live import Site, working
from tests.compat.cli.printed import names
from tests.compat.cli.session import CliError, OldSession, Session
from tests.compat.cli.waiting import REFRESH, wait_for_promotion, wait_for_refresh
from tests.fakes.git_origin import Origin

pytestmark = pytest.mark.slow
SHOP = "shop"
ORIGIN = {"kind": "Warehouse", "name": "main"}
NOTHING_THERE = "http://127.0.0.1:9/app.git"


def manifest(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    metadata = {"name": name} if kind == "Project" else {"name": name, "namespace": SHOP}
    return {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        **parts,
    }


def stage(name: str, *steps: str, upstream: str = "") -> dict[str, Any]:
    sources: dict[str, Any] = {"stages": [upstream]} if upstream else {"direct": True}
    template = {"spec": {"steps": [{"uses": it, "config": CONFIGS[it]} for it in steps]}}
    spec = {
        "requestedFreight": [{"origin": ORIGIN, "sources": sources}],
        "promotionTemplate": template,
    }
    return manifest("Stage", name, spec=spec)


def warehouse(name: str, url: str) -> dict[str, Any]:
    git = {"repoURL": url, "branch": "main"}
    spec = {"freightCreationPolicy": "Manual", "subscriptions": [{"git": git}]}
    return manifest("Warehouse", name, spec={"interval": "1h0m0s", **spec})


CONFIGS: dict[str, dict[str, Any]] = {
    "compose-output": {"it": "works"},
    "fail": {"message": "no"},
    "wait-for-approval": {},
}


def scene(url: str) -> list[dict[str, Any]]:
    """Return what is there, with a repository at an address."""
    commit = {"repoURL": url, "id": "a" * 40}
    return [
        manifest("Project", SHOP),
        manifest("ProjectConfig", SHOP, spec={}),
        warehouse("main", url),
        warehouse("away", NOTHING_THERE),
        stage("works", "compose-output"),
        stage("fails", "fail"),
        stage("waits", "wait-for-approval"),
        stage("next", "compose-output", upstream="works"),
        stage("last", "compose-output", upstream="works"),
        manifest("Freight", "freight", alias="first", origin=ORIGIN, commits=[commit]),
    ]


@pytest.fixture(scope="module")
def kargo(site: Site) -> Iterator[Session]:
    origin = Origin.create(site.folder / "app.git", {"app.yaml": "image: app"})
    with working(site):
        session = site.session()
        body = "\n---\n".join(json.dumps(it, indent=4) for it in scene(origin.url))
        made = session.call("CreateResource", body=body)["results"]
        assert not [it["error"] for it in made if it.get("error")]
        yield session


def promote(kargo: Session, to: str) -> dict[str, Any]:
    promotion: dict[str, Any] = kargo.call(
        "PromoteToStage",
        project=SHOP,
        stage=to,
        body={"freight": "", "freightAlias": "first", "origin": ""},
    )
    return promotion


@pytest.mark.parametrize(
    ("refresh", "name", "path"),
    [
        ("RefreshWarehouse", {"warehouse": "main"}, f"projects/{SHOP}/warehouses/main"),
        ("RefreshStage", {"stage": "works"}, f"projects/{SHOP}/stages/works"),
        ("RefreshStage", {"stage": "waits"}, f"projects/{SHOP}/stages/waits"),
        ("RefreshProjectConfig", {}, f"projects/{SHOP}/config"),
        # The command line asks for this one at an address that Kargo itself does not have.
        ("RefreshClusterConfig", None, "cluster-config"),
    ],
)
@pytest.mark.parametrize("client", [Session, OldSession])
def test_a_refresh_is_waited_for(
    kargo: Session,
    client: type[Session],
    refresh: str,
    name: dict[str, str] | None,
    path: str,
) -> None:
    session = client(kargo.address, kargo.token)
    parameters = {} if name is None else {"project": SHOP, **name}

    for _ in range(2):
        assert session.call(refresh, **parameters) is None
        seen = wait_for_refresh(session, path)

        token = seen[-1]["metadata"]["annotations"][REFRESH]
        assert seen[-1]["status"]["lastHandledRefresh"] == token


def test_waiting_for_a_warehouse_ends_although_its_repository_is_away(kargo: Session) -> None:
    kargo.call("RefreshWarehouse", project=SHOP, warehouse="away")

    assert wait_for_refresh(kargo, f"projects/{SHOP}/warehouses/away")


def test_refreshes_of_several_people_at_once_all_end(kargo: Session) -> None:
    def refresh(_: int) -> int:
        kargo.call("RefreshStage", project=SHOP, stage="works")
        return len(wait_for_refresh(kargo, f"projects/{SHOP}/stages/works"))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(refresh, range(8)))


@pytest.mark.parametrize(
    "path", [f"projects/{SHOP}/stages/nowhere", "projects/nowhere/stages/works"]
)
def test_nothing_is_waited_for_that_is_not_there(kargo: Session, path: str) -> None:
    with pytest.raises(CliError, match="unexpected status 404: ") as caught:
        wait_for_refresh(kargo, path)

    assert "not found" in caught.value.error


def test_what_nobody_asked_to_refresh_is_not_waited_for(kargo: Session) -> None:
    with pytest.raises(CliError, match="has no"):
        wait_for_refresh(kargo, f"projects/{SHOP}/stages/last")


@pytest.mark.parametrize(("to", "phase"), [("works", "Succeeded"), ("fails", "Failed")])
@pytest.mark.parametrize("client", [Session, OldSession])
def test_a_promotion_is_waited_for(
    kargo: Session, client: type[Session], to: str, phase: str
) -> None:
    session = client(kargo.address, kargo.token)

    promotion = promote(session, to)

    assert promotion["metadata"]["namespace"] == SHOP
    assert wait_for_promotion(session, promotion) == phase
    found = session.call("GetPromotion", project=SHOP, promotion=promotion["metadata"]["name"])
    assert found["status"]["phase"] == phase
    assert wait_for_promotion(session, found) == phase


def test_waiting_ends_when_somebody_aborts(kargo: Session) -> None:
    promotion = promote(kargo, "waits")
    name = promotion["metadata"]["name"]
    abort = threading.Timer(1, lambda: kargo.call("AbortPromotion", project=SHOP, promotion=name))

    abort.start()

    assert wait_for_promotion(kargo, promotion) == "Aborted"
    abort.join()


def test_promotions_downstream_are_waited_for_side_by_side(kargo: Session) -> None:
    wait_for_promotion(kargo, promote(kargo, "works"))
    kargo.call("RefreshStage", project=SHOP, stage="works")
    wait_for_refresh(kargo, f"projects/{SHOP}/stages/works")

    made = kargo.call(
        "PromoteDownstream",
        project=SHOP,
        stage="works",
        body={"freight": "", "freightAlias": "first"},
    )["promotions"]

    assert {it["spec"]["stage"] for it in made} == {"next", "last"}
    with ThreadPoolExecutor(2) as pool:
        phases = list(pool.map(lambda it: wait_for_promotion(kargo, it), made))
    assert phases == ["Succeeded", "Succeeded"]


def test_a_tenants_own_configuration_is_waited_for(site: Site, kargo: Session) -> None:
    acme = Session(site.address_of("acme"), kargo.token)
    with pytest.raises(CliError, match="404 Not Found"):
        acme.call("RefreshClusterConfig")
    with pytest.raises(CliError, match="unexpected status 404"):
        wait_for_refresh(acme, "cluster-config")

    config = manifest("ClusterConfig", "cluster", spec={})
    del config["metadata"]["namespace"]
    acme.call("CreateResource", body=json.dumps(config))
    acme.call("RefreshClusterConfig")

    assert wait_for_refresh(acme, "cluster-config")


@pytest.mark.parametrize("form", ["{}/", "{}/t/default"])
def test_waiting_works_at_every_form_of_an_address(kargo: Session, form: str) -> None:
    session = Session(form.format(kargo.address), kargo.token)
    session.call("RefreshWarehouse", project=SHOP, warehouse="main")

    assert wait_for_refresh(session, f"projects/{SHOP}/warehouses/main")


@pytest.mark.parametrize("kind", ["stages", "warehouses", "promotions"])
def test_a_list_is_watched_from_what_is_there(kargo: Session, kind: str) -> None:
    listed = kargo.call(f"List{kind.title()}", project=SHOP)["items"]

    with kargo.watch(f"projects/{SHOP}/{kind}") as events:
        seen = [next(events) for _ in listed]

    assert all(it == "ADDED" for it, _ in seen)
    assert sorted(names([it for _, it in seen])) == sorted(names(listed))


def test_whoever_may_only_look_may_wait_too(site: Site, kargo: Session) -> None:
    bob = site.session("bob")

    with bob.watch("projects/demo/stages/prod") as events:
        kind, found = next(events)

    assert (kind, found["metadata"]["name"]) == ("ADDED", "prod")
    for path in ("projects/demo/stages/prod", f"projects/{SHOP}/stages/works"):
        with (
            pytest.raises(CliError, match="unexpected status 404"),
            site.session("charlie").watch(path),
        ):
            pass


def test_a_watch_tells_of_a_deletion(kargo: Session) -> None:
    body = json.dumps(stage("brief", "compose-output"))
    kargo.call("CreateResource", body=body)
    delete = threading.Timer(1, lambda: kargo.call("DeleteStage", project=SHOP, stage="brief"))

    with kargo.watch(f"projects/{SHOP}/stages/brief") as events:
        first, _ = next(events)
        delete.start()
        last = next((kind, it) for kind, it in events if kind == "DELETED")

    delete.join()
    assert first == "ADDED"
    assert last[1]["metadata"]["name"] == "brief"
