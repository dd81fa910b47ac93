"""`kargo apply -f`: what is sent, what is created or configured, and what a replacement keeps."""

from pathlib import Path
from typing import Any

import pytest

from tests.compat.cli.command_line import Kargo, Recorded
from tests.compat.cli.live import Site
from tests.compat.cli.outcomes import Outcome
from tests.compat.cli.session import OldSession, Session

pytestmark = [pytest.mark.slow]

KARGO = "kargo.akuity.io"
_PROJECT = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {{name: {name}}}\n"
_WAREHOUSE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {{name: main, namespace: {project}}}
spec:
  freightCreationPolicy: Manual
  subscriptions:
  - image: {{repoURL: nginx, semverConstraint: ^1.0.0}}
"""
_STAGE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {{name: {name}, namespace: {project}, labels: {{{labels}}}}}
spec:
  requestedFreight:
  - origin: {{kind: Warehouse, name: main}}
    sources: {{direct: true}}
  promotionTemplate:
    spec:
      steps:
      - uses: fake-step
"""


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


def _stage(name: str, project: str = "demo", labels: str = "") -> str:
    return _STAGE.format(name=name, project=project, labels=labels)


def _apply(kargo: Kargo, folder: Path, *texts: str) -> Outcome:
    path = folder / "applied.yaml"
    path.write_text("---\n".join(texts))
    return kargo.run(f"apply -f {path}")


def test_a_whole_pipeline_comes_up_in_one_request(kargo: Kargo, tmp_path: Path) -> None:
    stages = [_stage(name, "whole") for name in ("dev", "qa")]
    session = Recorded(kargo.session.address, kargo.session.token)

    outcome = _apply(
        Kargo(session), tmp_path, *stages, _WAREHOUSE.format(project="whole"),
        _PROJECT.format(name="whole"),
    )  # fmt: skip

    assert outcome.errors == []
    assert outcome.lines == [
        f"project.{KARGO}/whole created",
        f"stage.{KARGO}/dev created",
        f"stage.{KARGO}/qa created",
        f"warehouse.{KARGO}/main created",
    ]
    (sent,) = session.sent
    assert sent.method == "PUT"
    assert sent.url == f"{session.address}/v1beta1/resources?upsert=true"
    assert sent.headers == {
        "Accept": "application/json",
        "Authorization": f"Bearer {session.token}",
        "Content-Type": "text/plain",
    }


def test_what_is_there_is_configured_and_told_after_what_is_new(
    kargo: Kargo, tmp_path: Path
) -> None:
    assert _apply(kargo, tmp_path, _stage("again-1")).lines == [f"stage.{KARGO}/again-1 created"]

    same = _apply(kargo, tmp_path, _stage("again-1"))
    mixed = _apply(kargo, tmp_path, _stage("again-1", labels="team: a"), _stage("again-2"))

    assert same.lines == [f"stage.{KARGO}/again-1 configured"]
    assert mixed.lines == [
        f"stage.{KARGO}/again-2 created",
        f"stage.{KARGO}/again-1 configured",
    ]
    assert (same.exit_code, mixed.exit_code) == (0, 0)


def test_a_manifest_replaces_labels_and_spec_but_not_what_the_platform_keeps(
    kargo: Kargo, tmp_path: Path
) -> None:
    before: dict[str, Any] = kargo.session.call("GetStage", project="demo", stage="test")
    text = _stage("test", labels="team: b").replace(
        "metadata: {", 'metadata: {uid: other, resourceVersion: "1", generation: 99, '
    )
    status = "status: {freightSummary: mine, lastHandledRefresh: mine}\n"

    outcome = _apply(kargo, tmp_path, text + status)

    after = outcome.objects[0]
    assert outcome.lines == [f"stage.{KARGO}/test configured"]
    kept = ("uid", "creationTimestamp")
    assert [after["metadata"][key] for key in kept] == [before["metadata"][key] for key in kept]
    assert after["metadata"]["labels"] == {"team": "b"}
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert int(after["metadata"]["resourceVersion"]) > int(before["metadata"]["resourceVersion"])
    assert after["spec"]["promotionTemplate"]["spec"]["steps"] == [{"uses": "fake-step"}]
    assert "verification" not in after["spec"]
    assert after["status"]["freightHistory"] == before["status"]["freightHistory"]
    assert after == kargo.session.call("GetStage", project="demo", stage="test")


def test_what_the_platform_does_not_know_is_dropped(kargo: Kargo, tmp_path: Path) -> None:
    text = _stage("pruned").replace("spec:\n  requested", "spec:\n  colour: red\n  requested")

    outcome = _apply(kargo, tmp_path, text + "extra: 1\n")

    assert outcome.errors == []
    found = kargo.session.call("GetStage", project="demo", stage="pruned")
    assert "colour" not in found["spec"]
    assert "extra" not in found


def test_of_several_documents_some_may_fail(kargo: Kargo, tmp_path: Path) -> None:
    outcome = _apply(
        kargo,
        tmp_path,
        _stage("some-1"),
        _stage("some-2", "nowhere"),
        _stage("some-3").replace("direct: true", "direct: maybe"),
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: demo}\n",
        _stage("some-4"),
    )

    assert outcome.lines == [f"stage.{KARGO}/some-1 created", f"stage.{KARGO}/some-4 created"]
    assert outcome.exit_code == 1
    missing, invalid, unknown = outcome.errors
    assert 'projects.kargo.akuity.io "nowhere" not found' in missing
    assert "spec.requestedFreight[0].sources.direct" in invalid
    assert "Deployment" in unknown


ALONE = [
    (_stage("alone-1", "nowhere"), 404, "not found"),
    (_stage("alone-1").replace(", namespace: demo", ""), 422, "metadata.namespace is required"),
    (_stage("alone-1").replace("requestedFreight", "nothing"), 422, "spec.requestedFreight"),
    ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n", 422, "Deployment"),
]


@pytest.mark.parametrize(("text", "status", "words"), ALONE, ids=[it[2] for it in ALONE])
def test_a_single_document_that_fails_fails_the_request(
    kargo: Kargo, tmp_path: Path, text: str, status: int, words: str
) -> None:
    (error,) = _apply(kargo, tmp_path, text).errors

    assert error.startswith(f"{status} ")
    assert words in error


def test_folders_are_read_in_depth_only_if_asked_to(kargo: Kargo, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "two.yml").write_text(_stage("folder-2"))
    (tmp_path / "one.yaml").write_text(_stage("folder-1"))
    (tmp_path / "notes.txt").write_text("no manifest")

    flat = kargo.run(f"apply -f {tmp_path}")
    deep = kargo.run(f"apply -R -f {tmp_path}".replace("-R", "--recursive"))

    assert flat.lines == [f"stage.{KARGO}/folder-1 created"]
    assert deep.lines == [
        f"stage.{KARGO}/folder-2 created",
        f"stage.{KARGO}/folder-1 configured",
    ]


def test_a_secret_is_applied_and_its_values_stay_where_they_are(
    kargo: Kargo, tmp_path: Path
) -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: applied, namespace: demo, "
        "labels: {kargo.akuity.io/cred-type: generic}}\nstringData: {key: the-value}\n"
    )

    first, second = _apply(kargo, tmp_path, text), _apply(kargo, tmp_path, text)

    assert (first.lines, second.lines) == (
        ["secret/applied created"],
        ["secret/applied configured"],
    )
    assert "the-value" not in str(first.objects + second.objects)
    assert "dGhlLXZhbHVl" not in str(first.objects + second.objects)


_STEPS = "spec: {steps: [{uses: fake-step}]}"
_METRIC = "{name: m, provider: {web: {url: 'https://example.com'}}}"
KINDS = {
    "ClusterConfig": ("kargo.akuity.io/v1alpha1", "cluster", "spec: {}"),
    "ProjectConfig": ("kargo.akuity.io/v1alpha1", "demo", "spec: {}"),
    "ConfigMap": ("v1", "kinds", 'data: {a: "1"}'),
    "ServiceAccount": ("v1", "kinds", ""),
    "Role": ("rbac.authorization.k8s.io/v1", "kinds", "rules: []"),
    "PromotionTask": ("kargo.akuity.io/v1alpha1", "kinds", _STEPS),
    "ClusterPromotionTask": ("kargo.akuity.io/v1alpha1", "kinds", _STEPS),
    "AnalysisTemplate": ("argoproj.io/v1alpha1", "kinds", f"spec: {{metrics: [{_METRIC}]}}"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_printed_with_its_name(kargo: Kargo, tmp_path: Path, kind: str) -> None:
    api, name, rest = KINDS[kind]
    place = "" if kind.startswith("Cluster") else ", namespace: demo"
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}{place}}}\n{rest}\n"
    group = f".{api.rpartition('/')[0]}" if "/" in api else ""

    _apply(kargo, tmp_path, text)
    outcome = _apply(kargo, tmp_path, text)

    assert outcome.errors == []
    assert outcome.lines == [f"{kind.lower()}{group}/{name} configured"]
    (found,) = outcome.objects
    assert (found["apiVersion"], found["kind"]) == (api, kind)
    assert found["metadata"]["uid"]


def test_whoever_may_create_projects_fills_a_new_one_at_once(
    site: Site, kargo: Kargo, tmp_path: Path
) -> None:
    made = kargo.run("create token creator --system --role kargo-project-creator")
    token = made.lines[-1].removeprefix("Token: ")
    creator = Kargo(Session(site.address, token))

    outcome = _apply(
        creator, tmp_path, _PROJECT.format(name="theirs"), _WAREHOUSE.format(project="theirs"),
        _stage("dev", "theirs"), _stage("other", "demo"),
    )  # fmt: skip

    assert outcome.lines == [
        f"project.{KARGO}/theirs created",
        f"warehouse.{KARGO}/main created",
        f"stage.{KARGO}/dev created",
    ]
    (error,) = outcome.errors
    assert "is forbidden" in error


def test_whoever_may_only_look_applies_nothing(site: Site, tmp_path: Path) -> None:
    bob = Kargo(site.session("bob"))

    for name in ("test", "of-bobs"):
        (error,) = _apply(bob, tmp_path, _stage(name)).errors
        assert error.startswith("403 Forbidden: ")
        assert "is not permitted" in error


def test_another_tenants_project_is_not_there(site: Site, tmp_path: Path) -> None:
    charlie = Kargo(site.session("charlie", tenant="acme"))

    (error,) = _apply(charlie, tmp_path, _stage("theirs")).errors

    assert error.startswith("404 Not Found: ")


def test_an_older_command_line_applies_as_well(site: Site, tmp_path: Path) -> None:
    old = Kargo(OldSession(site.address, site.tokens["admin"]))

    assert _apply(old, tmp_path, _stage("older")).lines == [f"stage.{KARGO}/older created"]
    assert _apply(old, tmp_path, _stage("older")).lines == [f"stage.{KARGO}/older configured"]
