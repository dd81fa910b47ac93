"""Repositories and registries that fail: told in words, nobody else waits, recovery by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from common.clock import now as read_clock
from common.egress import EgressPolicy
from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.gateways.oci.connection import Connections, Settings as RegistrySettings
from promotions.gateways.oci.registry import OciRegistry
from promotions.models import Freight, Warehouse, WorkKind
from promotions.reconcilers.warehouses import WarehouseReconciler
from promotions.services.warehouses import refresh_warehouse
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin, git as plain_git
from tests.fakes.oci_registry import Answer, Asked, Registry, scripted_server
from tests.functional.domain.conftest import build
from tests.functional.domain.world import World, condition, words
from tests.servers import free_port

FAILED = ("False", "DiscoveryFailed")
READY = ("True", "ArtifactsDiscovered")


@contextmanager
def neighbour(world: World, folder: Path) -> Iterator[None]:
    """Watch a repository that is well in the same project, and see that it is served too."""
    healthy = Origin.create(folder / "healthy.git")
    other = world.watch({"git": {"repoURL": healthy.url}}, name="neighbour")
    yield
    assert condition(other, "Ready") == READY


def assert_failed(world: World, warehouse: Warehouse, *expected: str) -> None:
    assert condition(warehouse, "Healthy") == FAILED
    assert condition(warehouse, "Ready") == ("False", "DiscoveryFailure")
    assert condition(warehouse, "Reconciling") == ("True", "ScheduledDiscovery")
    for text in expected:
        assert text in words(warehouse, "Healthy"), words(warehouse, "Healthy")
    waits = world.due_in(warehouse)
    assert waits is not None
    assert waits <= timedelta(seconds=1), "tried again soon, by itself"


def assert_recovered(world: World, warehouse: Warehouse) -> None:
    world.hasten(warehouse)
    assert condition(warehouse, "Ready") == READY, words(warehouse)
    assert condition(warehouse, "Healthy") == ("True", "ReconciliationSucceeded")
    assert condition(warehouse, "Reconciling") == ("", "")
    assert Freight.objects.filter(warehouse=warehouse).exists()


# ---------------------------------------------------------------- git
def test_a_repository_that_is_gone(world: World, tmp_path: Path) -> None:
    with neighbour(world, tmp_path), serving(tmp_path) as server:
        warehouse = world.watch({"git": {"repoURL": f"{server.url}/late.git"}})
        world.settle()

        assert_failed(world, warehouse, "no such repository")
        Origin.create(tmp_path / "late.git")
        assert_recovered(world, warehouse)


def test_a_repository_that_disappears_later(world: World, origin: Origin) -> None:
    warehouse = world.watch({"git": {"repoURL": origin.url}})
    world.settle()
    moved = origin.path.rename(origin.path.with_suffix(".away"))

    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    world.settle()
    first = condition(warehouse, "Healthy")
    world.hasten(warehouse)

    assert first == FAILED
    assert_failed_still(world, warehouse)
    moved.rename(origin.path)
    assert_recovered(world, warehouse)


def assert_failed_still(world: World, warehouse: Warehouse) -> None:
    """A second look must not take what was found before for a success."""
    assert condition(warehouse, "Healthy") == FAILED
    assert condition(warehouse, "Ready") == ("False", "DiscoveryFailure")


def test_a_branch_that_is_missing(world: World, origin: Origin, tmp_path: Path) -> None:
    with neighbour(world, tmp_path):
        warehouse = world.watch({"git": {"repoURL": origin.url, "branch": "release"}})
        world.settle()

    assert_failed(world, warehouse, 'no branch "release"', "push one, or name another")
    origin.commit({"a": "1"}, "First", branch="release")
    assert_recovered(world, warehouse)


def test_an_empty_repository(world: World, tmp_path: Path, origin: Origin) -> None:
    plain_git("init", "-q", "--bare", "-b", "main", str(tmp_path / "empty.git"), cwd=tmp_path)

    warehouse = world.watch({"git": {"repoURL": f"file://{tmp_path / 'empty.git'}"}})
    world.settle()

    assert_failed(world, warehouse, "push one")
    plain_git("push", "-q", str(tmp_path / "empty.git"), "main", cwd=origin.bobs)
    assert_recovered(world, warehouse)


def test_credentials_that_are_refused(world: World, tmp_path: Path) -> None:
    Origin.create(tmp_path / "private.git")
    with neighbour(world, tmp_path), serving(tmp_path, users={"bob": "opensesame"}) as server:
        url = f"{server.url}/private.git"
        secret(world, url, password="wrong-password")
        warehouse = world.watch({"git": {"repoURL": url}})
        world.settle()

        assert_failed(world, warehouse, "refused the credentials")
        assert "wrong-password" not in f"{warehouse.conditions}{world.work_error(warehouse)}"
        secret(world, url, password="opensesame")
        assert_recovered(world, warehouse)


def secret(world: World, url: str, *, password: str) -> None:
    values = {"repoURL": url, "username": "bob", "password": password}
    metadata: JSONObject = {
        "name": "bob",
        "namespace": world.project.name,
        "labels": {"kargo.akuity.io/cred-type": "git"},
    }
    world.apply_content(
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values}
    )


def test_a_host_that_does_not_answer(world: World, tmp_path: Path) -> None:
    with neighbour(world, tmp_path):
        warehouse = world.watch({"git": {"repoURL": f"http://127.0.0.1:{free_port()}/a.git"}})
        world.settle()

    assert_failed(world, warehouse, "did not answer")


def test_failures_wait_longer_each_time(world: World, tmp_path: Path) -> None:
    warehouse = world.watch({"git": {"repoURL": f"file://{tmp_path / 'none.git'}"}})
    world.settle()

    delays = []
    for _ in range(4):
        world.hasten(warehouse)
        delays.append(world.due_in(warehouse))

    assert [round(it.total_seconds()) for it in delays if it] == [2, 4, 8, 16]


@pytest.mark.parametrize(
    "url",
    [
        "-oProxyCommand=touch /tmp/pwned",
        "--upload-pack=touch /tmp/pwned",
        "ext::sh -c touch% /tmp/pwned",
        "fd::3",
        "file:///etc",
        "/etc",
        "ssh://-oProxyCommand=x/y",
        "https://",
    ],
)
def test_an_address_that_is_not_allowed_is_refused_at_the_door(
    world: World, operator: Settings, url: str
) -> None:
    operator.GIT_ALLOW_LOCAL = False

    with pytest.raises(InvalidError, match="repoURL"):
        world.watch({"git": {"repoURL": url}})


@pytest.mark.parametrize("branch", ["-x", "--upload-pack=x", "a b", "a~1"])
def test_a_branch_name_that_is_an_option_or_nonsense_is_refused_at_the_door(
    world: World, origin: Origin, branch: str
) -> None:
    with pytest.raises(InvalidError, match="branch"):
        world.watch({"git": {"repoURL": origin.url, "branch": branch}})


def test_a_branch_name_that_git_cannot_have_is_told_by_discovery(
    world: World, origin: Origin
) -> None:
    warehouse = world.watch({"git": {"repoURL": origin.url, "branch": "a..b"}})
    world.settle()

    assert_failed(world, warehouse, "a..b")


def test_an_image_repository_that_is_not_there(world: World, registry: Registry) -> None:
    impatient(world, registry.host)
    warehouse = world.watch(images(f"{registry.host}/team/nowhere"))
    world.settle()

    assert condition(warehouse, "Healthy") == FAILED
    assert "team/nowhere" in words(warehouse, "Healthy")
    registry.push_image("team/nowhere", "1.0.0")
    assert_recovered(world, warehouse)


def test_a_password_in_a_subscriptions_address_is_shown_in_no_condition(world: World) -> None:
    url = f"http://bob:hunter22@127.0.0.1:{free_port()}/a.git"

    warehouse = world.watch({"git": {"repoURL": url}})
    world.settle()

    assert condition(warehouse, "Healthy") == FAILED
    assert "hunter22" not in f"{warehouse.conditions}{world.work_error(warehouse)}"


def test_what_the_door_let_in_earlier_is_refused_by_discovery(
    db: None, operator: Settings, origin: Origin, tmp_path: Path
) -> None:
    world = build(operator)
    warehouse = world.watch({"git": {"repoURL": origin.url}})
    operator.GIT_ALLOW_LOCAL = False
    world = build(operator, project=world.project)

    world.settle()

    assert_failed(world, warehouse, "local file system are not allowed")


def test_one_subscription_that_fails_makes_no_half_freight(
    world: World, origin: Origin, tmp_path: Path
) -> None:
    good: JSONObject = {"git": {"repoURL": origin.url}}
    bad: JSONObject = {"git": {"repoURL": f"file://{tmp_path / 'none.git'}"}}

    warehouse = world.watch(good, bad)
    world.settle()

    assert_failed(world, warehouse)
    assert not Freight.objects.exists()
    Origin.create(tmp_path / "none.git")
    assert_recovered(world, warehouse)


# ---------------------------------------------------------------- registries
def images(url: str, **more: str) -> JSONObject:
    return {"image": {"repoURL": url, **more}}


def impatient(world: World, *hosts: str) -> None:
    """Let the world's registry gateway wait a fraction of a second only."""
    known = world.reconcilers[WorkKind.WAREHOUSE]
    assert isinstance(known, WarehouseReconciler)
    policy = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
    settings = RegistrySettings(policy, insecure_hosts=frozenset(hosts), timeout_seconds=0.3)
    world.reconcilers[WorkKind.WAREHOUSE] = WarehouseReconciler(
        known.repositories,
        OciRegistry(Connections(settings)),
        known.charts,
        known.credentials,
    )


def test_a_registry_that_is_down(world: World, tmp_path: Path) -> None:
    host = f"127.0.0.1:{free_port()}"
    impatient(world, host)
    with neighbour(world, tmp_path):
        warehouse = world.watch(images(f"{host}/team/app"))
        world.settle()

    assert_failed(world, warehouse, host)


def test_a_registry_that_is_slow_and_gets_better(
    world: World, registry: Registry, tmp_path: Path
) -> None:
    answer = Answer(body=b'{"tags": []}', delay_seconds=1.0)

    with scripted_server(lambda _asked: answer) as server, neighbour(world, tmp_path):
        impatient(world, server.host)
        warehouse = world.watch(images(f"{server.host}/team/app"))
        world.settle()
        assert_failed(world, warehouse, server.host)
        answer.delay_seconds = 0.0
        world.hasten(warehouse)

    assert condition(warehouse, "Ready") == ("False", "MissingImageReferences")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_registry_that_refuses(world: World, tmp_path: Path, status: int) -> None:
    def script(_asked: Asked) -> Answer:
        return Answer(status=status)

    with scripted_server(script) as server:
        impatient(world, server.host)
        warehouse = world.watch(images(f"{server.host}/team/app"))
        world.settle()

    assert condition(warehouse, "Healthy") == FAILED
    assert server.host in words(warehouse, "Healthy"), words(warehouse, "Healthy")


def test_a_repository_without_tags_waits_for_the_first(
    world: World, registry: Registry, operator: Settings
) -> None:
    impatient(world, registry.host)
    digest = registry.push_image("team/empty", "1.0.0")
    registry.delete_manifest("team/empty", digest)

    warehouse = world.watch(images(f"{registry.host}/team/empty"))
    world.settle()

    assert condition(warehouse, "Healthy") == ("False", "NoImageReferencesDiscovered")
    assert condition(warehouse, "Ready") == ("False", "MissingImageReferences")
    assert "passes the subscription's filters yet" in words(warehouse)
    assert world.work_error(warehouse) == "", "waiting is no failure"
    registry.push_image("team/empty", "1.0.1")
    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    assert_recovered(world, warehouse)


def test_filters_that_nothing_passes_say_so(world: World, origin: Origin) -> None:
    warehouse = world.watch({"git": {"repoURL": origin.url, "includePaths": ["nowhere"]}})
    world.settle()

    assert condition(warehouse, "Healthy") == ("False", "NoCommitsDiscovered")
    assert condition(warehouse, "Ready") == ("False", "MissingCommits")
    assert origin.url in words(warehouse)
    assert condition(warehouse, "Reconciling") == ("", "")
    assert not Freight.objects.exists()
