"""Discovery of real repositories, and the Freight that is made of it."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from common.clock import now as read_clock
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.freight import Commit, FreightOrigin, Image, freight_name
from promotions.models import Freight, Warehouse
from promotions.reconcilers.warehouses import WarehouseReconciler
from promotions.services.warehouses import refresh_warehouse
from tests.fakes.git_http_server import serving
from tests.fakes.git_origin import Origin, git as plain_git
from tests.fakes.oci_registry import Registry
from tests.functional.domain.conftest import build
from tests.functional.domain.world import World, condition, words


def git(origin: Origin, **more: JSONValue) -> JSONObject:
    return {"git": {"repoURL": origin.url, **more}}


def versions(world: World) -> list[str]:
    """Return the version of each piece of Freight's first artifact, oldest first."""
    rows = Freight.objects.filter(project=world.project).order_by("discovered_at", "pk")
    return [row.artifacts.order_by("pk")[0].version for row in rows]


def commits(warehouse: Warehouse) -> list[str]:
    """Return the subjects of the commits that were discovered, newest first."""
    warehouse.refresh_from_db()
    assert warehouse.discovered is not None
    return [commit["subject"] for commit in warehouse.discovered["git"][0]["commits"]]


def tags(warehouse: Warehouse) -> list[str]:
    """Return the image tags that were discovered, best first."""
    warehouse.refresh_from_db()
    assert warehouse.discovered is not None
    return [image["tag"] for image in warehouse.discovered["images"][0]["references"]]


def elapse(warehouse: Warehouse, by: timedelta = timedelta(hours=1)) -> None:
    """Let a Warehouse's last discovery be that much longer ago."""
    warehouse.refresh_from_db()
    assert warehouse.discovered_at is not None
    Warehouse.objects.filter(pk=warehouse.pk).update(discovered_at=warehouse.discovered_at - by)


# ---------------------------------------------------------------- git
def test_the_newest_commit_of_a_branch_becomes_freight(world: World, origin: Origin) -> None:
    stage = world.stage()
    newest = origin.commit({"a": "1"}, "Second")

    warehouse = world.watch(git(origin, branch="main"))
    world.settle()

    freight = Freight.objects.get(project=world.project)
    origin_of = FreightOrigin("main")
    assert freight.name == freight_name(
        origin_of, commits=[Commit(repo_url=origin.url, id=newest, branch="main")]
    )
    assert freight.alias
    artifact = freight.artifacts.get()
    assert artifact.document["branch"] == "main"
    assert artifact.document["message"] == "Second"
    assert artifact.document["author"] == "Bob <bob@example.com>"
    assert commits(warehouse) == ["Second", "Start"]
    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered")
    assert condition(warehouse, "Healthy") == ("True", "ReconciliationSucceeded")
    assert condition(warehouse, "FreightCreated") == ("True", "NewFreight")
    assert condition(warehouse, "Reconciling") == ("", "")
    assert warehouse.observed_generation == warehouse.generation
    assert warehouse.last_freight_name == freight.name
    assert world.promote(stage, freight).phase == "Pending"


def test_without_a_branch_the_default_branch_is_watched(world: World, origin: Origin) -> None:
    origin.commit({"a": "1"}, "Aside", branch="other")
    newest = origin.commit({"a": "1"}, "Second")

    world.watch(git(origin))
    world.settle()

    assert versions(world) == [newest]
    assert "branch" not in Freight.objects.get().artifacts.get().document


def test_new_commits_become_freight_when_the_interval_is_over(world: World, origin: Origin) -> None:
    warehouse = world.watch(git(origin), interval="1s")
    world.settle()
    waits = world.due_in(warehouse)
    origin.commit({"a": "1"}, "Second")

    elapse(warehouse, -timedelta(hours=1))
    world.hasten(warehouse)
    too_early = len(versions(world))
    elapse(warehouse, timedelta(hours=2))
    world.hasten(warehouse)

    assert waits is not None
    assert timedelta(0) < waits <= timedelta(seconds=1)
    assert too_early == 1
    assert len(versions(world)) == 2


def test_the_operators_shortest_interval_wins(db: None, operator: Settings, origin: Origin) -> None:
    operator.MIN_WAREHOUSE_INTERVAL_SECONDS = 1800
    world = build(operator)

    warehouse = world.watch(git(origin), interval="1m")
    world.settle()

    waits = world.due_in(warehouse)
    assert waits is not None
    assert waits > timedelta(minutes=29)


def test_a_refresh_looks_at_once(world: World, origin: Origin) -> None:
    warehouse = world.watch(git(origin))
    world.settle()
    newest = origin.commit({"a": "1"}, "Second")

    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    world.settle()

    warehouse.refresh_from_db()
    assert versions(world)[-1] == newest
    assert warehouse.handled_refresh == warehouse.refresh_token != ""


def test_a_changed_spec_looks_at_once(world: World, origin: Origin) -> None:
    world.watch(git(origin, branch="main"))
    world.settle()
    other = origin.commit({"a": "1"}, "Aside", branch="other")

    world.watch(git(origin, branch="other"))
    world.settle()

    assert versions(world)[-1] == other


def test_the_same_contents_make_no_second_freight(world: World, origin: Origin) -> None:
    warehouse = world.watch(git(origin))
    world.settle()

    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    world.settle()

    assert Freight.objects.count() == 1
    assert condition(warehouse, "FreightCreated") == ("False", "AlreadyExists")
    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered")


def test_nothing_is_fetched_while_the_branch_stays_where_it_is(
    world: World, origin: Origin
) -> None:
    with serving(origin.path.parent) as server:
        url = f"{server.url}/{origin.path.name}"
        warehouse = world.watch({"git": {"repoURL": url, "branch": "main"}})
        world.settle()
        fetched = server.requests["git-upload-pack"]
        listed = server.requests["refs:git-upload-pack"]

        refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
        world.settle()
        origin.commit({"a": "1"}, "Aside", branch="other")
        elapse(warehouse)
        world.hasten(warehouse)

        assert server.requests["refs:git-upload-pack"] > listed
        # Listing refs is a pack request too in protocol 2: one each.
        assert server.requests["git-upload-pack"] - fetched <= 2
    assert commits(warehouse) == ["Start"]


def test_only_commits_that_touch_the_paths_count(world: World, origin: Origin) -> None:
    wanted = origin.commit({"apps/a/x.yaml": "a: 2\n"}, "Wanted")
    origin.commit({"docs/readme": "x"}, "Unwanted")
    origin.commit({"apps/a/notes.md": "x"}, "Excluded")

    warehouse = world.watch(git(origin, includePaths=["apps/a"], excludePaths=["glob:**/*.md"]))
    world.settle()

    assert versions(world) == [wanted]
    assert commits(warehouse) == ["Wanted", "Start"]


def test_an_expression_filters_commits(world: World, origin: Origin) -> None:
    wanted = origin.commit({"a": "1"}, "release: one")
    origin.commit({"a": "2"}, "wip: two")

    world.watch(git(origin, expressionFilter="subject startsWith 'release'"))
    world.settle()

    assert versions(world) == [wanted]


def test_a_limit_bounds_what_is_kept(world: World, origin: Origin) -> None:
    for number in range(4):
        origin.commit({"a": str(number)}, f"Number {number}")

    warehouse = world.watch(git(origin, discoveryLimit=2))
    world.settle()

    assert commits(warehouse) == ["Number 3", "Number 2"]


@pytest.mark.parametrize(
    ("strategy", "more", "tag"),
    [
        ("SemVer", {}, "v1.10.0"),
        ("SemVer", {"semverConstraint": "^1.2.0 <1.9.0"}, "v1.2.0"),
        ("Lexical", {"allowTagsRegexes": ["^v1"]}, "v1.2.0"),
        ("NewestTag", {"ignoreTagsRegexes": ["nightly"]}, "v0.9.0"),
    ],
)
def test_tags_are_chosen_by_strategy(
    world: World, origin: Origin, strategy: str, more: JSONObject, tag: str
) -> None:
    for number, name in enumerate(("v1.2.0", "v1.10.0", "v0.9.0", "nightly")):
        origin.commit({"a": name}, f"For {name}")
        origin.tag(name, message=f"Number {number}" if name == "v0.9.0" else "")

    warehouse = world.watch(git(origin, commitSelectionStrategy=strategy, **more))
    world.settle()

    artifact = Freight.objects.get().artifacts.get()
    if strategy != "NewestTag":  # all four may be of the same second
        assert artifact.document["tag"] == tag
    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered")


def test_a_tag_that_moves_is_seen(world: World, origin: Origin) -> None:
    origin.tag("v1.0.0")
    warehouse = world.watch(git(origin, commitSelectionStrategy="SemVer"))
    world.settle()
    first = versions(world)
    moved = origin.commit({"a": "1"}, "Second")
    plain_git("push", "-q", "--force", "origin", f"{moved}:refs/tags/v1.0.0", cwd=origin.bobs)

    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    world.settle()

    assert len(first) == 1
    artifact = Freight.objects.order_by("-pk")[0].artifacts.get()
    assert artifact.document["id"] == moved


# ---------------------------------------------------------------- images
def test_the_newest_version_of_an_image_becomes_freight(
    world: World, operator: Settings, registry: Registry
) -> None:
    operator.INSECURE_REGISTRIES = [registry.host]
    world = build_in(world, operator)
    repository = f"{registry.host}/team/semver"
    for tag in ("1.2.0", "1.10.0", "2.0.0-rc.1", "latest"):
        registry.push_image("team/semver", tag)
    digest = registry.push_image("team/semver", "1.10.1", annotations={"who": "bob"})

    warehouse = world.watch({"image": {"repoURL": repository, "constraint": "^1.0.0"}})
    world.settle()

    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered"), words(warehouse)
    freight = Freight.objects.get()
    assert freight.artifacts.get().document == {
        "repoURL": repository,
        "tag": "1.10.1",
        "digest": digest,
        "annotations": {"who": "bob"},
    }
    assert freight.name == freight_name(
        FreightOrigin("main"),
        images=[Image(repo_url=repository, tag="1.10.1", digest=digest)],
    )
    assert tags(warehouse) == ["1.10.1", "1.10.0", "1.2.0"]


def test_a_tag_that_is_pushed_again_is_new_freight_by_its_digest(
    world: World, operator: Settings, registry: Registry
) -> None:
    operator.INSECURE_REGISTRIES = [registry.host]
    world = build_in(world, operator)
    repository = f"{registry.host}/team/digest"
    first = registry.push_image("team/digest", "edge")
    image: JSONObject = {
        "repoURL": repository,
        "imageSelectionStrategy": "Digest",
        "constraint": "edge",
    }
    warehouse = world.watch({"image": image})
    world.settle()

    second = registry.push_image("team/digest", "edge", labels={"a": "b"})
    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    world.settle()

    rows = Freight.objects.order_by("pk")
    assert [row.artifacts.get().document["digest"] for row in rows] == [first, second]


# ---------------------------------------------------------------- policy and criteria
def test_with_the_manual_policy_nothing_is_created(world: World, origin: Origin) -> None:
    warehouse = world.watch(git(origin), freightCreationPolicy="Manual")
    world.settle()

    assert commits(warehouse) == ["Start"]
    assert not Freight.objects.exists()
    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered")
    assert condition(warehouse, "FreightCreated") == ("", "")


@pytest.mark.parametrize(
    ("expression", "reason", "count"),
    [
        ("commitFrom('{url}').Branch == 'main'", ("True", "CriteriaSatisfied"), 1),
        ("commitFrom('{url}').Branch == 'other'", ("False", "CriteriaNotSatisfied"), 0),
        ("commitFrom('{url}').ID + 1", ("False", "CriteriaEvaluationFailed"), 0),
    ],
)
def test_criteria_decide_whether_freight_is_made(
    world: World, origin: Origin, expression: str, reason: tuple[str, str], count: int
) -> None:
    criteria: JSONValue = {"expression": expression.replace("{url}", origin.url)}

    warehouse = world.watch(git(origin, branch="main"), freightCreationCriteria=criteria)
    world.settle()

    assert condition(warehouse, "FreightCreationCriteriaSatisfied") == reason
    assert Freight.objects.count() == count
    is_error = reason[1] == "CriteriaEvaluationFailed"
    assert condition(warehouse, "Ready")[0] == ("False" if is_error else "True")
    assert condition(warehouse, "Reconciling") == ("", "")
    assert world.work_error(warehouse) == ""


def test_conditions_tell_of_discovery_while_it_lasts(world: World, origin: Origin) -> None:
    with serving(origin.path.parent) as server:
        url = f"{server.url}/{origin.path.name}"
        warehouse = world.watch({"git": {"repoURL": url, "branch": "main"}})
        lease = world.claim(warehouse)
        reconciler = world.reconcilers[lease.kind]
        assert isinstance(reconciler, WarehouseReconciler)
        seen: list[tuple[str, str]] = []
        find = reconciler.credentials.find

        class Peeking:
            def find(self, **asked: object) -> object:
                seen.extend(condition(warehouse, it) for it in ("Reconciling", "Ready", "Healthy"))
                return find(**asked)  # type: ignore[arg-type] # passed on as it came

        watched = WarehouseReconciler(
            reconciler.repositories,
            reconciler.registry,
            reconciler.charts,
            Peeking(),  # type: ignore[arg-type] # looks, then asks the real one
        )
        watched(warehouse.uid, lease=lease, now=read_clock())

    assert seen == [
        ("True", "ScheduledDiscovery"),
        ("False", "DiscoveryInProgress"),
        ("Unknown", "Pending"),
    ]


def test_a_pass_that_was_killed_in_the_middle_of_discovery_is_made_up_for(
    world: World, origin: Origin
) -> None:
    warehouse = world.watch(git(origin))
    world.settle()
    newest = origin.commit({"a": "1"}, "Second")
    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    warehouse.refresh_from_db()
    interrupted = [
        *warehouse.conditions,
        {
            "type": "Reconciling",
            "status": "True",
            "reason": "ScheduledDiscovery",
            "message": "",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-06-01T12:00:00Z",
        },
    ]
    Warehouse.objects.filter(pk=warehouse.pk).update(
        conditions=interrupted, handled_refresh=warehouse.refresh_token
    )

    world.settle()

    assert versions(world)[-1] == newest
    assert condition(warehouse, "Reconciling") == ("", "")


def build_in(world: World, operator: Settings) -> World:
    """Return the same project with reconcilers that know the settings as they are now."""
    return build(operator, project=world.project)
