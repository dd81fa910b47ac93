"""Previewing a promotion from pages."""

import pytest
from django.test import Client
from django.urls import reverse

from common.clock import now
from promotions.models import Preview, Promotion
from promotions.services.previews import finish_preview
from tests.factories.people import make_admin, make_viewer
from tests.functional.portal.scenes import Scene, ordinary

pytestmark = pytest.mark.django_db

RESULT = {
    "phase": "Running",
    "message": "",
    "steps": [
        {"alias": "edit", "kind": "yaml-update", "effect": "pure", "outcome": "ran", "message": ""},
        {
            "alias": "push",
            "kind": "git-push",
            "effect": "effecting",
            "outcome": "would",
            "message": "push main to https://git.example.com/x",
        },
    ],
    "effects": ["push main to https://git.example.com/x"],
    "changes": [
        {
            "path": "src",
            "url": "https://git.example.com/x",
            "branch": "main",
            "base": "c0ffee",
            "files": ["web.yaml"],
            "patch": "diff --git a/web.yaml b/web.yaml\n@@ -1 +1 @@\n-image: v1\n+image: <v2>\n",
            "truncated": True,
        }
    ],
    "manifests": [
        {
            "resource": "Deployment.apps web",
            "kind": "Deployment",
            "namespace": "",
            "name": "web",
            "change": "changed",
            "patch": "-image: v1\n+image: v2",
        }
    ],
}


@pytest.fixture
def scene() -> Scene:
    return ordinary()


@pytest.fixture
def alice(client: Client, scene: Scene) -> Client:
    client.force_login(make_admin(scene.project))
    return client


def requested(client: Client, scene: Scene) -> str:
    address = reverse("portal:preview-promotion", args=["shop", "test"])
    return client.post(address, {"freight": scene.freight[0].name})["Location"]


def test_asking_for_a_preview_leads_to_its_page_which_waits(alice: Client, scene: Scene) -> None:
    before = Promotion.objects.count()

    page = alice.get(requested(alice, scene)).content.decode()

    assert "Trying the promotion without its effects" in page
    assert 'hx-trigger="every 1s"' in page
    assert Promotion.objects.count() == before


def test_a_finished_preview_shows_effects_differences_and_steps(
    alice: Client, scene: Scene
) -> None:
    address = requested(alice, scene)
    finish_preview(Preview.objects.get(), result=RESULT, now=now())

    page = alice.get(address).content.decode()

    assert "push main to https://git.example.com/x" in page
    assert '<div class="diff-line diff-removed">-image: v1' in page
    assert '<div class="diff-line diff-added">+image: &lt;v2&gt;' in page
    assert "Deployment.apps web" in page
    assert "this is its beginning" in page
    assert "Would act" in page
    assert "every 1s" not in page
    assert scene.freight[0].name in page


def test_a_preview_that_failed_says_why(alice: Client, scene: Scene) -> None:
    address = requested(alice, scene)
    finish_preview(Preview.objects.get(), problem="The repository is gone.", now=now())

    assert "The repository is gone." in alice.get(address).content.decode()


def test_the_promote_form_offers_a_preview(alice: Client) -> None:
    page = alice.get(reverse("portal:stage", args=["shop", "test"])).content.decode()

    assert reverse("portal:preview-promotion", args=["shop", "test"]) in page


def test_a_viewer_may_not_preview(alice: Client, scene: Scene) -> None:
    address = requested(alice, scene)
    viewer = Client()
    viewer.force_login(make_viewer(scene.project))

    assert viewer.get(address).status_code == 403
    target = reverse("portal:preview-promotion", args=["shop", "test"])
    assert viewer.post(target, {"freight": scene.freight[0].name}).status_code == 403
