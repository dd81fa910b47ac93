"""The ``kustomize-set-image`` step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.freight import FreightOrigin, FreightReference, Image
from promotions.engine.runner import FreightRequest, StepError, StepRunner
from promotions.engine.schema import ConfigSchema
from promotions.ports.control_plane import ControlPlane, GitIdentity
from promotions.steps.kustomize_set_image import SCHEMA, KustomizeSetImage
from tests.unit.steps.contexts import context

UNSORTED = """\
images: # ours
  - name: zoo # z
    newTag: '1'
    tagSuffix: -x
  - name: nginx
    newTag: v1 # pin
    digest: d

# next
kind: K
"""
SORTED = """\
images: # ours
  - name: nginx
    newTag: v2 # pin
  - name: zoo # z
    newTag: '1'
    tagSuffix: -x

# next
kind: K
"""


@dataclass
class Warehouses:
    """A control plane that knows warehouses only."""

    subscriptions: Mapping[str, tuple[JSONObject, ...]] = field(default_factory=dict)

    def git_identity(self, *, tenant_uid: str) -> GitIdentity:
        return GitIdentity()

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        return self.subscriptions.get(warehouse)

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> None:
        return None

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> None:
        return None

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        return {}

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        return {}


def step(**subscriptions: tuple[JSONObject, ...]) -> StepRunner:
    control_plane: ControlPlane = Warehouses(subscriptions)
    return KustomizeSetImage(control_plane)


def set_images(workdir: Path, text: str, *images: JSONObject) -> str:
    (workdir / "kustomization.yaml").write_text(text)
    for _ in range(2):
        step().run(context(workdir, {"path": ".", "images": images}))
    return (workdir / "kustomization.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resources:\n- a # c\n", "resources:\n- a # c\nimages:\n- name: nginx\n  newTag: v2\n"),
        ("", "images:\n- name: nginx\n  newTag: v2\n"),
        ("kind: K", "kind: K\nimages:\n- name: nginx\n  newTag: v2\n"),
        ("images: []\nkind: K\n", "images:\n- name: nginx\n  newTag: v2\nkind: K\n"),
        ("images:\nkind: K\n", "images:\n- name: nginx\n  newTag: v2\nkind: K\n"),
        (UNSORTED, SORTED),
    ],
)
def test_images_are_set_and_everything_else_stays(tmp_path: Path, text: str, expected: str) -> None:
    assert set_images(tmp_path, text, {"image": "nginx", "tag": "v2"}) == expected


def test_a_tag_that_looks_like_a_number_is_quoted(tmp_path: Path) -> None:
    updated = set_images(tmp_path, "", {"image": "nginx", "tag": "1.10"})

    assert updated == 'images:\n- name: nginx\n  newTag: "1.10"\n'


def test_a_star_keeps_what_is_there(tmp_path: Path) -> None:
    updated = set_images(
        tmp_path,
        "images:\n- name: a\n  newName: mine\n  newTag: v1\n",
        {"image": "x", "name": "a", "newName": "*", "tag": "v2"},
        {"image": "b", "newName": "*", "digest": "sha256:1"},
    )

    assert updated == (
        "images:\n- name: a\n  newName: mine\n  newTag: v2\n- name: b\n  digest: sha256:1\n"
    )


def freight(origin: str, *images: Image) -> FreightReference:
    return FreightReference(origin, FreightOrigin(origin), images=images)


def test_without_images_all_images_of_the_freight_are_set(tmp_path: Path) -> None:
    (tmp_path / "Kustomization").write_text("images:\n- name: other\n  newTag: v0\n")
    held = freight("main", Image("b", "v2", "sha256:2"), Image("a", "v1"))
    requests = (FreightRequest(FreightOrigin("main"), direct=True),)
    runner = step(main=({"image": {"repoURL": "a"}}, {"image": {"repoURL": "b"}}, {"git": {}}))

    result = runner.run(context(tmp_path, {"path": "."}, freight=(held,), requests=requests))

    assert (tmp_path / "Kustomization").read_text() == (
        "images:\n- name: a\n  newTag: v1\n- name: b\n  newTag: v2\n  digest: sha256:2\n"
        "- name: other\n  newTag: v0\n"
    )
    assert result.output == {
        "commitMessage": "Updated . to use new images\n\n- a:v1\n- b:v2@sha256:2"
    }


def test_an_image_from_two_warehouses_is_ambiguous(tmp_path: Path) -> None:
    (tmp_path / "Kustomization").write_text("")
    requests = (FreightRequest(FreightOrigin("one")), FreightRequest(FreightOrigin("two")))
    runner = step(one=({"image": {"repoURL": "a"}},), two=({"image": {"repoURL": "a"}},))

    with pytest.raises(StepError, match="manual configuration required due to ambiguous result"):
        runner.run(context(tmp_path, {"path": "."}, requests=requests))


def test_a_missing_warehouse_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Kustomization").write_text("")
    requests = (FreightRequest(FreightOrigin("gone")),)

    with pytest.raises(StepError, match='Warehouse "gone" not found'):
        step().run(context(tmp_path, {"path": "."}, requests=requests))


def test_exactly_one_kustomization_is_wanted(tmp_path: Path) -> None:
    config: JSONObject = {"path": "../d", "images": [{"image": "a", "tag": "v"}]}
    (tmp_path / "d").mkdir()
    (tmp_path / "d/Kustomization").symlink_to("/etc/hosts")
    with pytest.raises(StepError, match=r'could not find any Kustomization files in "\.\./d"'):
        step().run(context(tmp_path, config))

    (tmp_path / "d/kustomization.yaml").write_text("")
    (tmp_path / "d/kustomization.yml").write_text("")
    with pytest.raises(StepError, match="ambiguous"):
        step().run(context(tmp_path, config))


@pytest.mark.parametrize(
    "text",
    [
        "- a\n",
        "images: x\n",
        "images: [1]\n",
        "a: [\n",
        "a: 1\na: 2\n",
        "{a: 1}\n",
        "x: &i []\nimages: *i\n",
    ],
)
def test_what_is_not_a_kustomization_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(StepError, match="error setting images"):
        set_images(tmp_path, text, {"image": "a", "tag": "v"})

    assert (tmp_path / "kustomization.yaml").read_text() == text


@pytest.mark.parametrize(
    ("image", "valid"),
    [
        ({"image": "a", "tag": "v"}, True),
        ({"image": "a", "digest": "d", "tag": ""}, True),
        ({"image": "a"}, False),
        ({"image": "a", "tag": "v", "digest": "d"}, False),
        ({"tag": "v"}, False),
    ],
)
def test_an_image_needs_a_tag_or_a_digest(image: JSONObject, valid: bool) -> None:  # noqa: FBT001 - a table
    config: JSONObject = {"path": ".", "images": [image]}

    assert (not ConfigSchema("kustomize-set-image", SCHEMA).problems(config)) is valid
