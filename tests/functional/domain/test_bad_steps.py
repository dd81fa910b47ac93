"""Steps that meet what is not there, not allowed, or in the way."""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepContext
from promotions.models import Promotion, Stage, StepExecution, Warehouse
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin
from tests.functional.domain.conftest import build
from tests.functional.domain.test_bad_repositories import secret
from tests.functional.domain.world import World, condition, words
from tests.servers import free_port

SCRIPTED: JSONObject = {"uses": "scripted", "as": "it"}


def clone(url: str, **checkout: JSONValue) -> JSONObject:
    return {
        "uses": "git-clone",
        "as": "clone",
        "config": {"repoURL": url, "checkout": [{"path": "./src", **checkout}]},
    }


def step(uses: str, **config: JSONValue) -> JSONObject:
    return {"uses": uses, "as": uses, "config": config}


def update(path: str) -> JSONObject:
    return step("yaml-update", path=path, updates=[{"key": "tag", "value": "v2"}])


def promoted(world: World, *steps: JSONValue) -> Promotion:
    """Promote new Freight with these steps, while a neighbour promotes it too."""
    if not Warehouse.objects.filter(project=world.project).exists():
        world.warehouse()
    stage = world.stage("test", *steps)
    other = world.stage("neighbour")
    freight = world.freight("a")
    promotion = world.promote(stage, freight)
    world.promote(other, freight)
    world.settle()
    assert world.phases(other)[-1] == ("a", "Succeeded")
    promotion.refresh_from_db()
    return promotion


def assert_told(promotion: Promotion, phase: str, *expected: str) -> None:
    """The promotion ended so, and says why, on itself and on its Stage."""
    assert promotion.phase == phase, promotion.message
    for text in expected:
        assert text in promotion.message, promotion.message
    stage = Stage.objects.get(pk=promotion.stage_id)
    assert condition(stage, "Ready") == ("False", f"LastPromotion{phase}")


# ---------------------------------------------------------------- git
def test_a_clone_of_a_repository_that_is_gone(world: World, tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        promotion = promoted(world, clone(f"{server.url}/none.git"))

    assert_told(promotion, "Errored", "no such repository")


def test_a_clone_is_tried_again_and_recovers(world: World, tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'late.git'}"
    promotion = promoted(world, {**clone(url), "retry": {"errorThreshold": 5}})
    phase = promotion.phase
    assert "step will be retried" in promotion.message

    Origin.create(tmp_path / "late.git")
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert phase == "Running"
    assert promotion.phase == "Succeeded"


def test_a_clone_of_a_branch_that_is_missing(world: World, origin: Origin) -> None:
    promotion = promoted(world, clone(origin.url, branch="nope"))

    assert_told(promotion, "Errored", "nope")


def test_a_clone_with_credentials_that_are_refused(world: World, tmp_path: Path) -> None:
    Origin.create(tmp_path / "private.git")
    with serving(tmp_path, users={"bob": "opensesame"}) as server:
        url = f"{server.url}/private.git"
        secret(world, url, password="wrong-password")
        promotion = promoted(world, clone(url))

    assert_told(promotion, "Errored", "refused the credentials")
    assert_unseen(promotion, "wrong-password")


def test_a_password_in_an_address_is_shown_nowhere(world: World) -> None:
    address = f"127.0.0.1:{free_port()}/a.git"

    promotion = promoted(world, clone(f"http://bob:hunter22@{address}"))

    assert_told(promotion, "Errored", "did not answer")
    assert_unseen(promotion, "hunter22")


def assert_unseen(promotion: Promotion, password: str) -> None:
    rows = StepExecution.objects.filter(promotion=promotion)
    shown = f"{promotion.message}{promotion.state}{[row.message for row in rows]}"
    assert password not in shown


@pytest.mark.parametrize(
    "url",
    [
        "-oProxyCommand=touch /tmp/pwned",
        "--upload-pack=touch /tmp/pwned",
        "ext::sh -c touch% /tmp/pwned",
        "file:///etc",
        "/etc",
    ],
)
def test_a_clone_of_an_address_that_is_not_allowed(db: None, operator: Settings, url: str) -> None:
    operator.GIT_ALLOW_LOCAL = False
    world = build(operator)

    promotion = promoted(world, clone(url))

    assert_told(promotion, "Failed")
    assert "repository URL" in promotion.message or "not allowed here" in promotion.message


@pytest.mark.parametrize(
    "checkout", [{"branch": "--upload-pack=x"}, {"branch": "-b"}, {"tag": "-t"}, {"commit": "-c"}]
)
def test_a_clone_of_a_revision_that_is_an_option(
    world: World, origin: Origin, checkout: JSONObject
) -> None:
    promotion = promoted(world, clone(origin.url, **checkout))

    assert promotion.phase in {"Failed", "Errored"}
    assert promotion.message


def test_a_push_to_a_branch_that_is_an_option(world: World, origin: Origin) -> None:
    promotion = promoted(
        world,
        clone(origin.url, branch="main"),
        update("./src/values.yaml"),
        step("git-commit", path="./src", message="x"),
        step("git-push", path="./src", targetBranch="--mirror"),
    )

    assert_told(promotion, "Failed", "--mirror")
    assert origin.subjects() == ["Start"]


def test_a_push_takes_in_what_others_pushed_meanwhile(world: World, origin: Origin) -> None:
    def push(_context: StepContext) -> None:
        origin.commit({"other.yaml": "b: 1\n"}, "Bob was here")

    world.steps.during = push

    promotion = promoted(
        world,
        clone(origin.url, branch="main"),
        update("./src/values.yaml"),
        step("git-commit", path="./src", message="Promote"),
        SCRIPTED,
        step("git-push", path="./src"),
    )

    assert promotion.phase == "Succeeded", promotion.message
    assert origin.subjects() == ["Promote", "Bob was here", "Start"]
    assert origin.show("values.yaml") == "tag: v2"
    assert promotion.state["git-push"]["commit"] == origin.branch("main")


def test_a_push_that_conflicts_fails_and_changes_nothing(world: World, origin: Origin) -> None:
    def push(_context: StepContext) -> None:
        origin.commit({"values.yaml": "tag: v9\n"}, "Bob was here")

    world.steps.during = push

    promotion = promoted(
        world,
        clone(origin.url, branch="main"),
        update("./src/values.yaml"),
        step("git-commit", path="./src", message="Promote"),
        SCRIPTED,
        step("git-push", path="./src"),
    )

    assert_told(promotion, "Failed", "conflict")
    assert origin.subjects() == ["Bob was here", "Start"]


# ---------------------------------------------------------------- files
def test_a_file_that_is_no_yaml(world: World, tmp_path: Path) -> None:
    origin = Origin.create(tmp_path / "broken.git", {"values.yaml": "a: [1\nb: }\n"})

    promotion = promoted(world, clone(origin.url), update("./src/values.yaml"))

    assert_told(promotion, "Errored", "src/values.yaml", "line")
    assert str(world.work_dir) not in promotion.message


def test_a_file_that_is_missing(world: World, origin: Origin) -> None:
    promotion = promoted(world, clone(origin.url), update("./src/none.yaml"))

    assert_told(promotion, "Errored", "src/none.yaml")
    assert str(world.work_dir) not in promotion.message


ESCAPES = ["../../precious", "/precious", "./src/../../../precious", "link/precious"]


@pytest.fixture
def precious(operator: Settings) -> Path:
    """A file beside the work directories, with what must stay in it."""
    folder = Path(operator.WORK_DIR)
    folder.mkdir()
    path = folder / "precious"
    path.write_text("tag: v1\n")
    return path


@pytest.mark.parametrize("path", ESCAPES)
@pytest.mark.parametrize("uses", ["copy", "copy-from", "delete", "yaml-update", "git-clone"])
def test_no_path_leads_out_of_the_work_directory(
    world: World, origin: Origin, precious: Path, uses: str, path: str
) -> None:
    steps: dict[str, JSONObject] = {
        "copy": step("copy", inPath="./src/values.yaml", outPath=path),
        "copy-from": step("copy", inPath=path, outPath="./src/stolen"),
        "delete": step("delete", path=path),
        "yaml-update": update(path),
        "git-clone": {**clone(origin.url, path=path), "as": "again"},
    }
    stolen: list[bool] = []

    def link(context: StepContext) -> None:
        target = Path(context.workdir, "link")
        if not target.is_symlink():
            target.symlink_to(precious.parent)
        stolen.append(Path(context.workdir, "src/stolen").exists())

    world.steps.during = link

    promotion = promoted(
        world,
        clone(origin.url),
        SCRIPTED,
        steps[uses],
        {**SCRIPTED, "as": "look", "if": "${{ always() }}"},
    )

    assert promotion.phase in {"Succeeded", "Failed", "Errored"}
    assert precious.read_text() == "tag: v1\n"
    assert [it.name for it in precious.parent.iterdir()] == ["precious"]
    assert not any(stolen)
    if promotion.phase != "Succeeded":
        assert str(world.work_dir) not in promotion.message


# ---------------------------------------------------------------- disk
@pytest.fixture
def small_disk(operator: Settings, tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB for the work directories; skips the test where none can be had."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603 - a fixed command
        pytest.skip("file systems cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607 - as above


def write_big(context: StepContext, *, size_bytes: int) -> None:
    Path(context.workdir, "big").write_bytes(b"x" * size_bytes)


def fill(folder: Path) -> Path:
    """Leave no byte on the file system of ``folder``."""
    path = folder / "ballast"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return path


def test_a_disk_that_fills_up_in_a_step_is_told_and_the_next_promotion_succeeds(
    db: None, operator: Settings, small_disk: Path, origin: Origin
) -> None:
    operator.WORK_DIR = str(small_disk)
    world = build(operator)
    world.steps.during = partial(write_big, size_bytes=150_000)
    steps = (SCRIPTED, step("copy", inPath="./big", outPath="./copy"))

    promotion = promoted(world, *steps)

    assert_told(promotion, "Errored", "no space left on device")
    world.steps.during = partial(write_big, size_bytes=1)
    world.promote(promotion.stage, promotion.freight)
    world.settle()
    assert world.phases(promotion.stage)[-1] == ("a", "Succeeded")


def test_a_clone_on_a_full_disk_is_told(
    db: None, operator: Settings, small_disk: Path, tmp_path: Path
) -> None:
    operator.WORK_DIR = str(small_disk)
    world = build(operator)
    big = Origin.create(tmp_path / "big.git", {"values.yaml": "a: 1\n", "big": "x" * 400_000})

    promotion = promoted(world, clone(big.url))

    assert_told(promotion, "Errored", "disk is probably full")


def test_a_promotion_waits_for_a_work_directory_and_says_so(
    db: None, operator: Settings, tmp_path: Path
) -> None:
    operator.WORK_DIR = str(tmp_path / "taken")
    Path(operator.WORK_DIR).write_text("a file where the folder should be")
    world = build(operator)
    world.warehouse()
    promotion = world.promote(world.stage(), world.freight("a"))
    world.settle()
    promotion.refresh_from_db()
    before = promotion.phase, promotion.message

    Path(operator.WORK_DIR).unlink()
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert before[0] == "Running"
    assert "free space in" in before[1]
    assert promotion.phase == "Succeeded"
    assert promotion.message == ""


def test_discovery_on_a_full_disk_is_told_and_recovers(
    db: None, operator: Settings, small_disk: Path, origin: Origin
) -> None:
    operator.GIT_CACHE_DIR = str(small_disk / "git")
    world = build(operator)
    ballast = fill(small_disk)

    warehouse = world.watch({"git": {"repoURL": origin.url}})
    world.settle()

    assert condition(warehouse, "Ready") == ("False", "DiscoveryFailure")
    assert "full" in words(warehouse), words(warehouse)
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)  # noqa: S603, S607 - fixed
    world.hasten(warehouse)
    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered")
