"""`kargo create -f`: files, folders and lists become one request; what is said of each document."""

import json
from pathlib import Path

import pytest

from tests.compat.cli.command_line import Kargo, Recorded
from tests.compat.cli.live import Site

pytestmark = [pytest.mark.slow]

_STAGE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata:
  name: {name}
  namespace: {project}
  annotations: {{note: "true", long: "one\\ntwo\\n"}}
spec:
  requestedFreight:
  - origin: {{kind: Warehouse, name: main}}
    sources: {{direct: true, requiredSoakTime: 1h}}
  promotionTemplate:
    spec:
      steps:
      - uses: compose-output
        config: {{number: 1.5, text: "1.0", at: "2026-01-01", nothing: null, says: "on"}}
"""


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


def test_files_become_one_request_of_plain_text(kargo: Kargo, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(_STAGE.format(name="file-1", project="demo"))
    items = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "demo"}}
        | {"data": {"a": "1"}}
        for name in ("file-2", "file-3")
    ]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    (tmp_path / "two.json").write_text(json.dumps(listed))
    session = Recorded(kargo.session.address, kargo.session.token)

    outcome = Kargo(session).run(f"create -f {tmp_path}")

    assert outcome.errors == []
    assert outcome.lines == [
        "stage.kargo.akuity.io/file-1 created",
        "configmap/file-2 created",
        "configmap/file-3 created",
    ]
    (sent,) = session.sent
    assert (sent.method, sent.url) == ("POST", f"{session.address}/v1beta1/resources")
    assert sent.headers["Content-Type"] == "text/plain"
    assert sent.headers["Accept"] == "application/json"
    assert sent.payload is not None
    assert (
        b"\n    requestedFreight:\n        - origin:\n            kind: Warehouse" in sent.payload
    )
    step = kargo.session.call("GetStage", project="demo", stage="file-1")["spec"][
        "promotionTemplate"
    ]["spec"]["steps"][0]
    told = {"number": 1.5, "text": "1.0", "at": "2026-01-01", "nothing": None, "says": "on"}
    assert step["config"] == told


def test_of_several_documents_some_may_fail(kargo: Kargo, tmp_path: Path) -> None:
    texts = [
        _STAGE.format(name="several-1", project="demo"),
        _STAGE.format(name="test", project="demo"),
        _STAGE.format(name="several-2", project="nowhere"),
        _STAGE.format(name="several-3", project="demo").replace("requestedFreight", "nothing"),
        _STAGE.format(name="several-4", project="several"),
        "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {name: several}\n",
    ]
    (tmp_path / "several.yaml").write_text("---\n".join(texts))

    outcome = kargo.run(f"create -f {tmp_path / 'several.yaml'}")

    assert outcome.lines == [
        "project.kargo.akuity.io/several created",
        "stage.kargo.akuity.io/several-1 created",
        "stage.kargo.akuity.io/several-4 created",
    ]
    assert outcome.exit_code == 1
    exists, missing, invalid = outcome.errors
    assert exists == 'stages.kargo.akuity.io "test" already exists'
    assert "not found" in missing
    assert "spec.requestedFreight" in invalid


ALONE = [
    ("test", "demo", 409, "already exists"),
    ("alone-1", "nowhere", 404, "not found"),
    ("Not_A_Name", "demo", 422, "invalid"),
]


@pytest.mark.parametrize(("name", "project", "status", "words"), ALONE, ids=[it[3] for it in ALONE])
def test_a_single_document_that_fails_fails_the_request(
    kargo: Kargo, tmp_path: Path, name: str, project: str, status: int, words: str
) -> None:
    (tmp_path / "alone.yaml").write_text(_STAGE.format(name=name, project=project))

    (error,) = kargo.run(f"create -f {tmp_path / 'alone.yaml'}").errors

    assert error.startswith(f"{status} ")
    assert words in error


KINDS = [
    "kargo.akuity.io/v1alpha1 Stage test",
    "kargo.akuity.io/v1alpha1 Warehouse main",
    "kargo.akuity.io/v1alpha1 PromotionTask deploy",
    "kargo.akuity.io/v1alpha1 ClusterPromotionTask deploy-all",
    "kargo.akuity.io/v1alpha1 ProjectConfig demo",
    "kargo.akuity.io/v1alpha1 ClusterConfig cluster",
    "argoproj.io/v1alpha1 AnalysisTemplate check",
    "argoproj.io/v1alpha1 ClusterAnalysisTemplate check-all",
]


@pytest.mark.parametrize("named", KINDS)
def test_what_exists_is_a_conflict_even_if_its_manifest_is_nonsense(
    kargo: Kargo, tmp_path: Path, named: str
) -> None:
    api, kind, name = named.split()
    place = "" if kind.startswith("Cluster") else ", namespace: demo"
    text = f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}{place}}}\nspec: 7\n"
    (tmp_path / "nonsense.yaml").write_text(text)

    (error,) = kargo.run(f"create -f {tmp_path / 'nonsense.yaml'}").errors

    assert error.startswith("409 Conflict: ")
    assert "already exists" in error


def test_nothing_to_create_is_a_bad_request(kargo: Kargo) -> None:
    for text in ("---\nnull\n", "# nothing\n"):
        answer = kargo.session.ask("CreateResource", body=text)
        assert answer.status == 400
        assert answer.body == b'{"error":"no resources found in request body"}'


def test_freight_is_named_for_what_is_in_it(kargo: Kargo, tmp_path: Path) -> None:
    stored = kargo.session.call("QueryFreightsRest", project="demo")["groups"][""]["items"][0]
    parts = {key: stored[key] for key in ("origin", "images", "charts", "artifacts")}
    commits = [{**stored["commits"][0], "id": "c" * 40}]
    head = {"apiVersion": stored["apiVersion"], "kind": "Freight"}
    metadata = {"name": "freight", "namespace": "demo"}
    document = {**head, "metadata": metadata, **parts, "commits": commits}
    (tmp_path / "freight.json").write_text(json.dumps(document))

    outcome = kargo.run(f"create -f {tmp_path / 'freight.json'}")
    again = kargo.run(f"create -f {tmp_path / 'freight.json'}")

    (made,) = outcome.objects
    name = made["metadata"]["name"]
    assert outcome.lines == [f"freight.kargo.akuity.io/{name} created"]
    assert len(name) == len("0" * 40)
    assert made["alias"] == made["metadata"]["labels"]["kargo.akuity.io/alias"]
    assert "already exists" in again.errors[0]
