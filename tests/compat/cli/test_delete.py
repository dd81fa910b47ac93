"""`kargo delete`, by name and by file: what is sent for each name, and what is said of each."""

from pathlib import Path

import pytest

from tests.compat.cli.command_line import Kargo, Recorded
from tests.compat.cli.live import Site
from tests.compat.cli.session import CliError, OldSession

pytestmark = [pytest.mark.slow]

P, S, H = "/v1beta1/projects/demo", "/v1beta1/system", "/v1beta1/shared"
CONFIG = f"GET {S}/server-config"
_REPO = "--git --username a --password p --repo-url https://git.example.com"
_STAGE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata: {{name: {name}, namespace: demo}}
spec:
  requestedFreight:
  - origin: {{kind: Warehouse, name: main}}
    sources: {{direct: true}}
"""
_WAREHOUSE = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {{name: {name}, namespace: demo}}
spec:
  subscriptions:
  - git: {{repoURL: "https://git.example.com/x.git"}}
"""
_CONFIG = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: {kind}
metadata: {{name: {name}{place}}}
spec: {{}}
"""


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


def _make(kargo: Kargo, *commands: str) -> None:
    for command in commands:
        assert kargo.run(f"create {command}").errors == []


def _apply(kargo: Kargo, *texts: str) -> None:
    result = kargo.session.call("UpdateResource", body="---\n".join(texts), upsert=True)
    assert not [it for it in result["results"] if "error" in it], result


NAMED = [
    ("configmap", "--set A=1", f"{P}/configmaps", "configmap"),
    ("configmap --shared", "--set A=1", f"{H}/configmaps", "configmap"),
    ("configmap --system", "--set A=1", f"{S}/configmaps", "configmap"),
    ("generic-credentials", "--set A=1", f"{P}/generic-credentials", "secret"),
    ("generic-credentials --shared", "--set A=1", f"{H}/generic-credentials", "secret"),
    ("generic-credentials --system", "--set A=1", f"{S}/generic-credentials", "secret"),
    ("repo-credentials", _REPO, f"{P}/repo-credentials", "secret"),
    ("repo-credentials --shared", _REPO, f"{H}/repo-credentials", "secret"),
    ("token", "--role kargo-viewer", f"{P}/api-tokens", "secret"),
    ("token --system", "--role kargo-viewer", f"{S}/api-tokens", "secret"),
    ("role", "", f"{P}/roles", "role.rbac.kargo.akuity.io"),
]


@pytest.mark.parametrize(("noun", "flags", "path", "kind"), NAMED, ids=[it[0] for it in NAMED])
def test_each_name_is_a_request_and_one_that_fails_stops_none(
    kargo: Kargo, noun: str, flags: str, path: str, kind: str
) -> None:
    one, two = (f"{path.rpartition('/')[2]}-{number}" for number in ("one", "two"))
    _make(kargo, *(f"{noun} {name} {flags}" for name in (one, two)))
    session = Recorded(kargo.session.address, kargo.session.token)

    outcome = Kargo(session, "demo").run(f"delete {noun} {one} {one} nothing {two}")

    sent = [it.line(session.address) for it in session.sent]
    before = [] if noun == "role" else [CONFIG]
    assert sent == [*before, *(f"DELETE {path}/{name}" for name in (one, "nothing", two))]
    assert all(it.payload is None for it in session.sent)
    assert outcome.lines == [f"{kind}/{one} deleted", f"{kind}/{two} deleted"]
    (error,) = outcome.errors
    assert error.startswith("404 Not Found: ")
    assert "not found" in error
    assert outcome.exit_code == 1
    (again,) = kargo.run(f"delete {noun} {one}").errors
    assert "not found" in again


def test_stages_warehouses_and_projects_go_by_name(kargo: Kargo) -> None:
    names = ("gone-1", "gone-2")
    _apply(kargo, *(_STAGE.format(name=it) for it in names))
    _apply(kargo, *(_WAREHOUSE.format(name=it) for it in names))
    _make(kargo, *(f"project {it}" for it in names))

    stages = kargo.run("delete stage gone-1 nothing gone-2")
    warehouses = kargo.run("delete warehouse gone-1 nothing gone-2")
    projects = kargo.run("delete project gone-1 nothing gone-2")

    assert stages.lines == [f"stage.kargo.akuity.io/{it} deleted" for it in names]
    assert warehouses.lines == []
    assert projects.lines == [f"project.kargo.akuity.io/{it} deleted" for it in names]
    for outcome, plural in (
        (stages, "stages"),
        (warehouses, "warehouses"),
        (projects, "projects"),
    ):
        (error,) = outcome.errors
        assert f'{plural}.kargo.akuity.io "nothing" not found' in error.replace('\\"', '"')
    for name in names:
        with pytest.raises(CliError, match=r"404 Not Found: .*not found"):
            kargo.session.call("GetProject", project=name)


def test_what_is_sent_to_delete_by_name(kargo: Kargo) -> None:
    _apply(kargo, _STAGE.format(name="sent-1"), _WAREHOUSE.format(name="sent-1"))
    _make(kargo, "project sent-1")

    assert kargo.requests("delete stage sent-1") == [f"DELETE {P}/stages/sent-1"]
    assert kargo.requests("delete warehouse sent-1") == [f"DELETE {P}/warehouses/sent-1"]
    assert kargo.requests("delete project sent-1") == ["DELETE /v1beta1/projects/sent-1"]


def test_freight_goes_by_name_and_by_alias_but_not_from_under_a_stage(
    site: Site, kargo: Kargo
) -> None:
    spare, held = site.names["spare"], site.names["held"]

    outcome = kargo.run(f"delete freight --name {spare} --alias brave-bear-1 --name {held}")

    assert outcome.lines == [f"freight.kargo.akuity.io/{spare} deleted"]
    assert [it.partition(":")[0] for it in outcome.errors] == ["403 Forbidden", "403 Forbidden"]
    assert "in use" in outcome.errors[0]
    (gone,) = kargo.run(f"delete freight --name {spare}").errors
    assert gone.startswith("404 Not Found: ")


def test_configurations_go_without_a_name(kargo: Kargo) -> None:
    _make(kargo, "project configured")
    place = ", namespace: configured"
    _apply(
        kargo,
        _CONFIG.format(kind="ProjectConfig", name="configured", place=place),
        _CONFIG.format(kind="ClusterConfig", name="cluster", place=""),
    )

    project = kargo.run("delete projectconfig -p configured")
    cluster = kargo.run("delete clusterconfig")

    assert project.lines == ["projectconfig.kargo.akuity.io/configured deleted"]
    assert cluster.lines == ["clusterconfig.kargo.akuity.io/<unknown> deleted"]
    for command in ("projectconfig -p configured", "projectconfig -p nowhere", "clusterconfig"):
        (error,) = kargo.run(f"delete {command}").errors
        assert error.startswith("404 Not Found: ")
        assert "not found" in error


def test_deleting_a_project_takes_everything_in_it_and_its_name_is_free(kargo: Kargo) -> None:
    _make(kargo, "project emptied", "role dev -p emptied", "configmap cm -p emptied --set A=1")
    _make(kargo, "token tok -p emptied --role dev")

    assert kargo.run("delete project emptied").errors == []
    for command in ("delete role dev", "delete configmap cm", "delete token tok"):
        (error,) = kargo.run(f"{command} -p emptied").errors
        assert 'projects.kargo.akuity.io "emptied" not found' in error.replace('\\"', '"')

    _make(kargo, "project emptied")
    (error,) = kargo.run("delete configmap cm -p emptied").errors
    assert 'configmaps "cm" not found' in error.replace('\\"', '"')


def test_a_file_is_sent_in_the_body_and_projects_go_last(kargo: Kargo, tmp_path: Path) -> None:
    _make(kargo, "project filed")
    project = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {name: filed}\n"
    stage = _STAGE.format(name="filed")
    _apply(kargo, stage)
    (tmp_path / "all.yaml").write_text(f"{project}---\n{stage}---\n{stage}")
    session = Recorded(kargo.session.address, kargo.session.token)

    outcome = Kargo(session).run(f"delete -f {tmp_path / 'all.yaml'}")

    assert outcome.lines == [
        "stage.kargo.akuity.io/filed deleted",
        "project.kargo.akuity.io/filed deleted",
    ]
    assert outcome.errors == ['stages.kargo.akuity.io "filed" not found']
    assert outcome.exit_code == 1
    (sent,) = session.sent
    assert (sent.method, sent.url) == ("DELETE", f"{session.address}/v1beta1/resources")
    assert sent.headers["Content-Type"] == "text/plain"
    assert sent.payload is not None
    assert sent.payload.startswith(b"apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\n")


def test_a_single_document_that_is_not_there_fails_the_request(
    kargo: Kargo, tmp_path: Path
) -> None:
    (tmp_path / "one.yaml").write_text(_STAGE.format(name="never"))

    (error,) = kargo.run(f"delete -f {tmp_path / 'one.yaml'}").errors

    assert error.startswith("404 Not Found: ")
    assert "not found" in error


def test_whoever_may_only_look_deletes_nothing(site: Site, kargo: Kargo, tmp_path: Path) -> None:
    _apply(kargo, _STAGE.format(name="guarded"))
    (tmp_path / "one.yaml").write_text(_STAGE.format(name="guarded"))
    bob = Kargo(site.session("bob"), "demo")

    for command in ("stage guarded", f"-f {tmp_path / 'one.yaml'}", "project demo", "role dev"):
        (error,) = bob.run(f"delete {command}").errors
        assert error.startswith("403 Forbidden: ")
        assert "is forbidden: delete is not permitted" in error
    assert kargo.session.call("GetStage", project="demo", stage="guarded")


def test_an_older_command_line_deletes_as_well(site: Site, kargo: Kargo, tmp_path: Path) -> None:
    _make(
        kargo,
        "project older",
        "configmap older --set A=1",
        "role older",
        "token older --role kargo-viewer",
    )
    _apply(kargo, *(_STAGE.format(name=it) for it in ("older-1", "older-2")))
    (tmp_path / "one.yaml").write_text(_STAGE.format(name="older-2"))
    old = Kargo(OldSession(site.address, site.tokens["admin"]), "demo")

    for command in (
        *("project older", "configmap older", "token older", "role older", "stage older-1"),
        f"-f {tmp_path / 'one.yaml'}",
    ):
        assert old.run(f"delete {command}").errors == [], command
