"""A release that travels as an OCI artifact, from the manifests that somebody published."""

import subprocess
from pathlib import Path

import pytest

from common.jsontypes import JSONValue
from promotions.models import Freight, Stage
from tests.compat.aftermath import shown
from tests.compat.bringing import POD, answer, bring, freight, is_state, promote, subject, text
from tests.compat.scene import Scene
from tests.integration.rendering.files import write_tree

pytestmark = pytest.mark.slow


@pytest.fixture
def capsules(scene: Scene, tmp_path: Path) -> Scene:
    bring(scene, "release_capsules", "capsules")
    release = "gitCommit: 12e4567\nimage:\n  tag: v3\npackage: {kind: kustomize}\n"
    capsule = {
        "release.yaml": release,
        "package/kustomize/kustomization.yaml": "resources: [pod.yaml]\n",
        "package/kustomize/pod.yaml": POD.format(image="capsule-app"),
    }
    wrapper = "namespace: none\nresources:\n- ../source\nimages:\n- name: capsule-app\n"
    scene.prepare(
        {
            "repositories": {"example/repo": {"templates/deploy/kustomization.yaml": wrapper}},
            "images": {"capsules/app": ["v3"]},
        }
    )
    layer = ("application/vnd.example.capsule.v1.tar+gzip", archive(tmp_path / "capsule", capsule))
    scene.hosts.registry.push_artifact("capsules/release", "v3", layer)
    return scene


def test_a_capsule_is_fetched_checked_and_built(capsules: Scene) -> None:
    good = '{"ok": true, "release": {"packageKind": "kustomize"}}'
    capsules.hosts.web.answers["/verify"] = [answer('{"ok": null}', status=202), answer(good)]

    promotion = promote(capsules, "staging", capsule_freight(capsules), meanwhile=[{"wait": 1}])

    assert promotion.phase == "Succeeded", shown(promotion)
    is_state(
        promotion,
        {
            "capsule-release": {
                "gitCommit": "12e4567",
                "imageTag": "v3",
                "packageKind": "kustomize",
            },
            "verify-release": {"packageKind": "kustomize"},
        },
    )
    rendered = text(capsules, "stage/staging:deploy/capsules-staging-pod-app.yaml")
    assert "namespace: capsules-staging" in rendered
    assert "/capsules/app:v3" in rendered
    assert subject(capsules, "stage/staging") == "Render staging from OCI release capsule"
    metadata = Stage.objects.get(name="staging").metadata
    assert metadata["promotedImage"]["tag"] == "v3"
    assert metadata["capsule"]["packageKind"] == "kustomize"


def test_a_capsule_that_the_service_refuses_goes_nowhere(capsules: Scene) -> None:
    capsules.hosts.web.answers["/verify"] = [answer('{"ok": false}')]

    promotion = promote(capsules, "staging", capsule_freight(capsules))

    assert promotion.phase == "Failed"
    assert promotion.message == ('step "verify-release": HTTP (200) response met failure criteria')
    assert subject(capsules, "stage/staging") == "Initial commit"


def capsule_freight(scene: Scene) -> Freight:
    digest = scene.hosts.registry.digest("capsules/app", "v3")
    item: dict[str, JSONValue] = {"repoURL": "registry.example.com/capsules/app", "tag": "v3"}
    return freight(scene, "capsules", images=[{**item, "digest": digest}])


def archive(folder: Path, files: dict[str, str]) -> bytes:
    """Return a compressed tarball of these files, made with plain tar."""
    write_tree(folder, files)
    command = ["tar", "-czf", "-", "-C", str(folder), *(it.name for it in folder.iterdir())]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - tar only
    return done.stdout
