"""`kargo refresh` and `kargo verify`: what is sent, and that the workers really look again."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat.cli.command_line import Kargo
from tests.compat.cli.live import Site
from tests.compat.cli.promoting import PROJECT, Line, standing, until
from tests.compat.cli.session import OldSession

pytestmark = [pytest.mark.slow]

REFRESH = "kargo.akuity.io/refresh"
P = "/v1beta1/projects"


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


@pytest.fixture(scope="module")
def line(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with standing(site, tmp_path_factory.mktemp("origins")) as found:
        yield found


@pytest.fixture(scope="module")
def held(line: Line) -> str:
    """The name of Freight that ``dev`` holds, verified."""
    name: str = line.freight()[0]["metadata"]["name"]
    (made,) = line.kargo.run(f"promote --freight {name} --stage dev").objects
    line.finished(made["metadata"]["name"])
    line.verified(name, "dev")
    return name


REFRESHED = [
    ("stage test", f"{P}/demo/stages/test/refresh", "Stage 'demo/test' refreshed"),
    ("warehouse main", f"{P}/demo/warehouses/main/refresh", "Warehouse 'demo/main' refreshed"),
    ("projectconfig", f"{P}/demo/config/refresh", "ProjectConfig 'demo' refreshed"),
    (
        "clusterconfig",
        "/v1beta1/system/cluster-config/refresh",
        "ClusterConfig '' refreshed",
    ),
]


@pytest.mark.parametrize(("command", "path", "line"), REFRESHED, ids=[it[0] for it in REFRESHED])
def test_a_look_is_asked_for_without_a_body(
    kargo: Kargo, command: str, path: str, line: str
) -> None:
    assert kargo.requests(f"refresh {command}") == [f"POST {path}"]
    assert kargo.run(f"refresh {command}").lines == [line]


MISSING = [
    ("stage nothing", 'stages.kargo.akuity.io "nothing" not found'),
    ("warehouse nothing", 'warehouses.kargo.akuity.io "nothing" not found'),
    ("stage test -p nowhere", 'projects.kargo.akuity.io "nowhere" not found'),
    ("projectconfig -p unconfigured", "not found"),
]


@pytest.mark.parametrize(("command", "words"), MISSING, ids=[it[0] for it in MISSING])
def test_what_is_not_there_is_not_looked_at(kargo: Kargo, command: str, words: str) -> None:
    kargo.run("create project unconfigured")

    (error,) = kargo.run(f"refresh {command}").errors

    assert error.startswith("404 Not Found: ")
    assert words in error.replace('\\"', '"')


@pytest.mark.parametrize(
    ("operation", "noun", "name"),
    [("GetStage", "stage", "dev"), ("GetWarehouse", "warehouse", "main")],
)
def test_the_look_that_was_asked_for_is_handled(
    line: Line, operation: str, noun: str, name: str
) -> None:
    before = line.ask(operation, **{noun: name})
    assert line.kargo.run(f"refresh {noun} {name}").errors == []

    asked = line.ask(operation, **{noun: name})["metadata"]["annotations"][REFRESH]
    seen = until(
        lambda: line.ask(operation, **{noun: name}),
        lambda it: it["status"].get("lastHandledRefresh") == asked,
    )

    assert asked != before["metadata"].get("annotations", {}).get(REFRESH)
    assert seen["metadata"]["annotations"][REFRESH] == asked


@pytest.mark.parametrize(
    ("operation", "command", "parts"),
    [
        ("GetProjectConfig", "projectconfig", {"project": "demo"}),
        ("GetClusterConfig", "clusterconfig", {}),
    ],
)
def test_a_configuration_has_been_looked_at_when_the_command_ends(
    kargo: Kargo, operation: str, command: str, parts: dict[str, str]
) -> None:
    assert kargo.run(f"refresh {command}").errors == []

    found = kargo.session.call(operation, **parts)

    assert found["status"]["lastHandledRefresh"] == found["metadata"]["annotations"][REFRESH]


def test_a_refreshed_warehouse_finds_what_is_new(line: Line) -> None:
    commit = line.application.commit({"version": "new\n"}, "Change it")

    found = line.reconciled()

    assert found[-1]["commits"][0]["id"] == commit


def test_a_stage_is_verified_once_more(line: Line, held: str) -> None:
    before = _verifications(line.stage("dev", lambda it: bool(_verifications(it))))

    assert line.kargo.requests("verify stage DEV") == [
        f"POST {P}/{PROJECT}/stages/dev/verification"
    ]

    after = line.stage("dev", lambda it: len(_verifications(it)) > len(before))
    newest = _verifications(after)[0]
    assert newest["phase"] == "Successful"
    assert newest["id"] not in {it["id"] for it in before}
    assert newest["actor"] == "admin"
    assert held in str(after["status"]["freightHistory"][0])


def test_a_verification_that_has_ended_is_aborted_without_a_change(line: Line, held: str) -> None:
    assert held
    before = line.stage("dev", lambda it: bool(_verifications(it)))

    assert line.kargo.requests("verify stage dev --abort") == [
        f"POST {P}/{PROJECT}/stages/dev/verification/abort"
    ]

    after = line.ask("GetStage", stage="dev")
    assert _verifications(after)[0]["phase"] == "Successful"
    assert _verifications(after)[0]["id"] == _verifications(before)[0]["id"]


def test_there_is_nothing_to_verify_where_nothing_is_held(line: Line) -> None:
    for command in ("verify stage later", "verify stage later --abort"):
        (error,) = line.kargo.run(command).errors
        assert error.startswith("409 Conflict: ")
        assert "holds no Freight" in error
    for command in ("verify stage nothing", "verify stage nothing --abort"):
        (error,) = line.kargo.run(command).errors
        assert error.startswith("404 Not Found: ")


def test_whoever_may_only_look_verifies_nothing(site: Site) -> None:
    bob = Kargo(site.session("bob"), "demo")

    for command in ("verify stage test", "verify stage test --abort"):
        (error,) = bob.run(command).errors
        assert error.startswith("403 Forbidden: ")


def test_an_older_command_line_asks_as_well(site: Site) -> None:
    old = Kargo(OldSession(site.address, site.tokens["admin"]), "demo")

    for command in (
        *("refresh stage test", "refresh warehouse main", "refresh projectconfig"),
        *("refresh clusterconfig", "verify stage test", "verify stage test --abort"),
    ):
        assert old.run(command).errors == [], command


def _verifications(stage: dict[str, Any]) -> list[dict[str, Any]]:
    history = stage["status"].get("freightHistory") or [{}]
    return history[0].get("verificationHistory") or []
