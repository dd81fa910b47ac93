"""Previews: a promotion tried on real Git, which shows what it would change and changes nothing."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from common.clock import now as read_clock
from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.models import Preview, Promotion, Stage, Work, WorkKind
from promotions.reconcilers import previews
from promotions.services.previews import KEPT_FOR, request_preview
from tests.fakes.git_origin import Origin
from tests.functional.domain.world import World

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  image: v1 # the running version
"""

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n"


def pipeline(world: World, origin: Origin, *more: JSONValue, branch: str = "main") -> Stage:
    """Apply a Stage that edits a deployment, commits and pushes."""
    world.warehouse()
    clone: JSONObject = {
        "uses": "git-clone",
        "config": {"repoURL": origin.url, "checkout": [{"branch": branch, "path": "./src"}]},
    }
    edit: JSONObject = {
        "uses": "yaml-update",
        "as": "edit",
        "config": {"path": "./src/web.yaml", "updates": [{"key": "spec.image", "value": "v2"}]},
    }
    commit: JSONObject = {
        "uses": "git-commit",
        "config": {"path": "./src", "message": "${{ outputs.edit.commitMessage }}"},
    }
    push: JSONObject = {"uses": "git-push", "as": "push", "config": {"path": "./src"}}
    return world.stage("test", clone, edit, commit, push, *more)


def previewed(world: World, stage: Stage) -> dict[str, Any]:
    """Return the document of a preview that was made."""
    preview = preview_made(world, stage)
    assert preview.problem == ""
    assert preview.result is not None
    return dict(preview.result)


def preview_made(world: World, stage: Stage) -> Preview:
    freight = world.freight("a")
    preview = request_preview(stage, freight, actor=world.alice, now=read_clock())
    world.settle()
    preview.refresh_from_db()
    return preview


@pytest.fixture
def manifests(origin: Origin) -> Origin:
    origin.commit({"web.yaml": DEPLOYMENT}, "Add web")
    return origin


def test_a_preview_shows_the_difference_and_leaves_the_repository_alone(
    world: World, manifests: Origin
) -> None:
    before = manifests.branch("main")

    result = previewed(world, pipeline(world, manifests))

    assert [step["outcome"] for step in result["steps"]] == ["ran", "ran", "ran", "would"]
    assert result["effects"] == [f"push main to {manifests.url}"]
    [tree] = result["changes"]
    assert (tree["path"], tree["branch"], tree["base"]) == ("src", "main", before)
    assert tree["files"] == ["web.yaml"]
    assert "-  image: v1 # the running version" in tree["patch"]
    assert "+  image: v2" in tree["patch"]
    [resource] = result["manifests"]
    assert (resource["resource"], resource["change"]) == ("Deployment.apps web", "changed")
    assert manifests.branch("main") == before
    assert not Promotion.objects.exists()


def test_a_kustomization_is_shown_as_what_it_is_built_to(world: World, origin: Origin) -> None:
    origin.commit(
        {
            "base/kustomization.yaml": "resources: [web.yaml]\n",
            "base/web.yaml": f"{POD}  containers: [{{name: web, image: 'app:v1'}}]\n",
            "overlays/test/kustomization.yaml": "resources: [../../base]\nnamePrefix: test-\n",
        },
        "Add an overlay",
    )
    world.warehouse()
    images: JSONValue = [{"image": "app", "newName": "registry/app", "tag": "v2"}]
    path = "./src/overlays/test"
    stage = world.stage(
        "test",
        {
            "uses": "git-clone",
            "config": {"repoURL": origin.url, "checkout": [{"branch": "main", "path": "./src"}]},
        },
        {"uses": "kustomize-set-image", "config": {"path": path, "images": images}},
        {
            "uses": "yaml-update",
            "config": {
                "path": "./src/base/web.yaml",
                "updates": [{"key": "metadata.name", "value": "shop"}],
            },
        },
    )

    result = previewed(world, stage)

    assert result["notes"] == []
    assert [(it["resource"], it["change"]) for it in result["manifests"]] == [
        ("Pod shop", "added"),
        ("Pod test-shop", "added"),
        ("Pod test-web", "removed"),
        ("Pod web", "removed"),
    ]
    overlaid = result["manifests"][1]["patch"]
    assert "image: registry/app:v2" in overlaid


def test_a_kustomization_that_cannot_be_built_is_said_so(world: World, origin: Origin) -> None:
    origin.commit({"kustomization.yaml": "resources: [gone.yaml]\nimages: []\n"}, "Break it")
    world.warehouse()
    images: JSONValue = [{"image": "app", "tag": "v2"}]
    stage = world.stage(
        "test",
        {
            "uses": "git-clone",
            "config": {"repoURL": origin.url, "checkout": [{"branch": "main", "path": "./src"}]},
        },
        {"uses": "kustomize-set-image", "config": {"path": "./src", "images": images}},
    )

    result = previewed(world, stage)

    [note] = result["notes"]
    assert note.startswith(". cannot be rendered: ")
    assert "gone.yaml" in note


def test_the_work_directory_of_a_preview_is_gone_afterwards(
    world: World, manifests: Origin
) -> None:
    previewed(world, pipeline(world, manifests))

    assert not [path for path in world.work_dir.iterdir() if path.name.startswith("preview-")]


def test_a_branch_that_would_be_created_is_not_created(world: World, manifests: Origin) -> None:
    world.warehouse()
    checkout: JSONValue = {"branch": "env/test", "create": True, "path": "./out"}
    clone: JSONObject = {
        "uses": "git-clone",
        "config": {"repoURL": manifests.url, "checkout": [checkout]},
    }

    result = previewed(world, world.stage("test", clone))

    assert result["effects"] == [f"create env/test in {manifests.url}"]
    assert manifests.branch("env/test") == ""


def test_a_step_that_would_fail_is_found_before_anything_happens(
    world: World, origin: Origin
) -> None:
    result = previewed(world, pipeline(world, origin))

    [failed] = [step for step in result["steps"] if step["outcome"] == "failed"]
    assert failed["alias"] == "edit"
    assert "web.yaml" in failed["message"]
    assert result["phase"] == "Errored"


def test_what_cannot_be_promoted_cannot_be_previewed(world: World, manifests: Origin) -> None:
    stage = pipeline(world, manifests)
    world.warehouse("other")

    with pytest.raises(InvalidError):
        request_preview(
            stage, world.freight("b", warehouse="other"), actor=world.alice, now=read_clock()
        )

    assert not Preview.objects.exists()


def test_a_preview_that_was_asked_for_twice_by_the_queue_is_made_once(
    world: World, manifests: Origin
) -> None:
    preview = preview_made(world, pipeline(world, manifests))
    first = preview.finished_at

    Work.objects.filter(kind=WorkKind.PREVIEW).update(due_at=read_clock())
    world.settle()

    preview.refresh_from_db()
    assert preview.finished_at == first


def test_previews_are_forgotten_after_an_hour(world: World, manifests: Origin) -> None:
    preview = preview_made(world, pipeline(world, manifests))
    old = read_clock() - KEPT_FOR - timedelta(minutes=1)
    Preview.objects.filter(pk=preview.pk).update(created_at=old)

    Work.objects.filter(kind=WorkKind.PREVIEW).update(due_at=read_clock())
    world.settle()

    assert not Preview.objects.exists()
    assert not Work.objects.filter(kind=WorkKind.PREVIEW).exists()


def test_a_preview_whose_worker_keeps_dying_is_given_up(world: World, manifests: Origin) -> None:
    stage, freight = pipeline(world, manifests), world.freight("a")
    preview = request_preview(stage, freight, actor=world.alice, now=read_clock())
    Work.objects.filter(kind=WorkKind.PREVIEW).update(failures=previews.MOST_FAILURES)

    world.settle()

    preview.refresh_from_db()
    assert "could not be made" in preview.problem


def test_the_command_shows_the_difference(world: World, manifests: Origin) -> None:
    pipeline(world, manifests)
    freight = world.freight("a")
    before = manifests.branch("main")
    out = StringIO()

    call_command("promote", "demo", "test", freight.alias, "--dry-run", stdout=out)

    said = out.getvalue()
    assert "+  image: v2" in said
    assert "# Deployment.apps web changed" in said
    assert f"would push main to {manifests.url}" in said
    assert manifests.branch("main") == before


def test_the_command_prints_json_for_programs(world: World, manifests: Origin) -> None:
    pipeline(world, manifests)
    out = StringIO()

    call_command(
        "promote", "demo", "test", world.freight("a").name, "--dry-run", "--json", stdout=out
    )

    assert json.loads(out.getvalue())["effects"] == [f"push main to {manifests.url}"]


def test_the_command_promotes(world: World, manifests: Origin, tmp_path: Path) -> None:
    pipeline(world, manifests)
    freight = world.freight("a")
    out = StringIO()

    call_command("promote", "demo", "test", freight.name, stdout=out)

    promotion = Promotion.objects.get()
    assert out.getvalue().strip() == f"promotion.kargo.akuity.io/{promotion.name} created"


def test_the_command_says_what_is_missing(world: World) -> None:
    with pytest.raises(CommandError, match=r'"nope" not found'):
        call_command("promote", "demo", "nope", "f00", "--dry-run")
