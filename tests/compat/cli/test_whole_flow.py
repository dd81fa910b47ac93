"""One long session at the command line, in the order of Kargo's own end-to-end suite of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.cli import live, printed
from tests.compat.cli.command_line import Kargo
from tests.compat.cli.live import Site
from tests.compat.cli.outcomes import Outcome
from tests.compat.cli.promoting import until
from tests.compat.cli.session import CliError, Session
from tests.factories.people import PASSWORD
from tests.fakes.git_http_server import GitHTTPServer, serving
from tests.fakes.git_origin import Origin

pytestmark = [pytest.mark.slow]

PROJECT, TEMPORARY = "cli-api-test-1", "cli-test-create-proj-1"
KARGO = "kargo.akuity.io"
_PROJECT = f"apiVersion: {KARGO}/v1alpha1\nkind: Project\nmetadata:\n  name: {{}}\n"
_WAREHOUSE = f"""\
apiVersion: {KARGO}/v1alpha1
kind: Warehouse
metadata: {{{{name: test-warehouse, namespace: {{project}}}}}}
spec:
  subscriptions:
  - git: {{{{repoURL: "{{url}}", branch: main}}}}
"""
_STAGE = f"""\
apiVersion: {KARGO}/v1alpha1
kind: Stage
metadata: {{{{name: {{name}}, namespace: {PROJECT}}}}}
spec:
  requestedFreight:
  - origin: {{{{kind: Warehouse, name: test-warehouse}}}}
    sources: {{{{{{sources}}}}}}
  promotionTemplate:
    spec:
      steps:
      - uses: fake-step
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHTTPServer]:
    folder = tmp_path_factory.mktemp("origins")
    Origin.create(folder / "open.git")
    Origin.create(folder / "closed.git")
    with serving(folder) as found:
        yield found


@pytest.fixture(scope="module")
def worker(site: Site) -> Iterator[None]:
    """A worker that, as its operator wishes, sends credentials over plain HTTP too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLOW_CREDENTIALS_OVER_HTTP", "true")
        with live.working(site):
            yield


class Flow:
    """The session: a project that is the default one, and files that are applied."""

    def __init__(self, site: Site, folder: Path) -> None:
        password = Session(site.address, PASSWORD)
        token = password.call("AdminLogin")["idToken"]
        self.session = Session(site.address, token)
        self.kargo = Kargo(self.session, PROJECT)
        self.folder = folder

    def run(self, command: str, *words: str) -> Outcome:
        """Run a command that must do well, and say all these words."""
        outcome = self.kargo.run(command)
        assert outcome.errors == [], command
        for word in words:
            assert word in "\n".join(outcome.lines), command
        return outcome

    def apply(self, text: str, *words: str) -> Outcome:
        path = self.folder / "applied.yaml"
        path.write_text(text)
        return self.run(f"apply -f {path}", *words)

    def get(self, name: str, **parameters: Any) -> Any:
        return self.session.call(name, **parameters)

    def names(self, name: str, **parameters: Any) -> list[str]:
        found = self.get(name, **parameters)
        return printed.names(found["items"] if isinstance(found, dict) else found)


@pytest.mark.usefixtures("worker")
def test_everything_is_done_that_can_be_done_at_a_command_line(
    site: Site, server: GitHTTPServer, tmp_path: Path
) -> None:
    flow = Flow(site, tmp_path)
    assert flow.get("GetVersionInfo")["version"]
    assert flow.session.token.startswith("ey")
    spaces = flow.get("GetConfig")
    assert all(spaces[f"{it}Namespace"] for it in ("kargo", "systemResources", "sharedResources"))

    flow.get("GetClusterConfig")
    flow.run("refresh clusterconfig")
    _projects(flow)
    freight = _warehouse_and_freight(flow, f"{server.url}/open.git")
    _stages(flow)
    _promotions(flow, freight)
    _roles(flow)
    _tokens(flow, "", "test-role", "test-token")
    _tokens(flow, "--system", "kargo-admin", "test-system-token")
    for where in ("", "--shared"):
        _repo_credentials(flow, where)
    flow.apply(_PROJECT.format(PROJECT), "configured")
    for where in ("", "--shared", "--system"):
        _config_maps(flow, where)
        _generic_credentials(flow, where)
    _the_end(flow)


def _projects(flow: Flow) -> None:
    assert "demo" in flow.names("ListProjects")
    flow.run(f"create project {TEMPORARY}", f"project.{KARGO}/{TEMPORARY} created")
    assert TEMPORARY in flow.names("ListProjects")
    flow.run(f"delete project {TEMPORARY}", f"project.{KARGO}/{TEMPORARY} deleted")
    flow.apply(_PROJECT.format(PROJECT), f"project.{KARGO}/{PROJECT} created")
    found = printed.bare(flow.get("GetProject", project=PROJECT))
    assert found["metadata"]["name"] == PROJECT


def _warehouse_and_freight(flow: Flow, url: str) -> str:
    text = _WAREHOUSE.format(project=PROJECT, url=url)
    flow.apply(text, f"warehouse.{KARGO}/test-warehouse created")
    assert flow.names("ListWarehouses", project=PROJECT) == ["test-warehouse"]
    found = flow.get("GetWarehouse", project=PROJECT, warehouse="test-warehouse")
    assert found["metadata"]["namespace"] == PROJECT
    flow.run("refresh warehouse test-warehouse", "test-warehouse")
    items = until(
        lambda: flow.get("QueryFreightsRest", project=PROJECT)["groups"][""]["items"], bool
    )
    name: str = items[0]["metadata"]["name"]
    flow.run(f"update freight --name {name} --new-alias test-alias")
    found = flow.get("GetFreight", project=PROJECT, freight_name_or_alias="test-alias")
    assert (found["metadata"]["name"], found["alias"]) == (name, "test-alias")
    of_origin = flow.get("QueryFreightsRest", project=PROJECT, origins=["test-warehouse"])
    assert printed.names(of_origin["groups"][""]["items"]) == [name]
    return name


def _stages(flow: Flow) -> None:
    for name, sources in (("test-dev", "direct: true"), ("test-staging", "stages: [test-dev]")):
        text = _STAGE.format(name=name, sources=sources)
        flow.apply(text, f"stage.{KARGO}/{name} created")
    assert flow.names("ListStages", project=PROJECT) == ["test-dev", "test-staging"]
    found = printed.bare(flow.get("GetStage", project=PROJECT, stage="test-dev"))
    assert found["metadata"]["namespace"] == PROJECT
    flow.run("refresh stage test-dev", "test-dev")
    assert flow.kargo.run("verify stage test-dev").exit_code == 1, "it holds nothing yet"


def _promotions(flow: Flow, freight: str) -> None:
    flow.run(f"approve --freight {freight} --stage test-dev")
    flow.run(f"approve --freight {freight} --stage test-dev")
    found = flow.get("GetFreight", project=PROJECT, freight_name_or_alias=freight)
    assert list(found["status"]["approvedFor"]) == ["test-dev"]
    made = flow.run(f"promote --freight {freight} --stage test-dev", "promotion created")
    name = made.objects[0]["metadata"]["name"]
    assert name in flow.names("ListPromotions", project=PROJECT, stage="")
    assert name in flow.names("ListPromotions", project=PROJECT, stage="test-dev")
    one = printed.bare(flow.get("GetPromotion", project=PROJECT, promotion=name))
    assert one["spec"]["stage"] == "test-dev"
    flow.run(f"approve --freight {freight} --stage test-staging")
    flow.run(f"promote --freight {freight} --downstream-from test-dev", "promotion created")


def _roles(flow: Flow) -> None:
    role, place = "test-role", {"project": PROJECT}
    assert flow.names("ListProjectRoles", **place)
    flow.run(f"create role {role}", role)
    found = printed.bare(flow.get("GetProjectRole", role=role, **place))
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == (role, PROJECT)

    def changed(command: str) -> dict[str, Any]:
        flow.run(command, role)
        result: dict[str, Any] = flow.get("GetProjectRole", role=role, **place)
        return result

    look = f"--role {role} --verb get --resource-type stages"
    promote = f"--role {role} --verb promote --resource-type stages --resource-name test-dev"
    user = f"--role {role} --claim email=testuser@example.com"
    assert changed(f"grant {look}")["rules"][0]["verbs"] == ["get"]
    assert "promote" in str(changed(f"grant {promote}")["rules"])
    assert changed(f"grant {user}")["claims"][0]["values"] == ["testuser@example.com"]
    assert changed(f"revoke {user}")["claims"] == []
    assert "promote" not in str(changed(f"revoke {promote}")["rules"])
    kinds = {(it["kind"], it["metadata"]["name"]) for it in flow.get("ListSystemRoles")}
    assert ("Role", "kargo-admin") in kinds
    admin = flow.get("GetSystemRole", role="kargo-admin")
    assert printed.bare(admin)["metadata"]["name"] == "kargo-admin"


def _tokens(flow: Flow, where: str, role: str, name: str) -> None:
    scope = "System" if where else "Project"
    place = {} if where else {"project": PROJECT}
    flow.run(f"create token {where} --role {role} {name}", "Token: ey")
    assert name in flow.names(f"List{scope}APITokens", **place)
    assert flow.names(f"List{scope}APITokens", role=role, **place) == [name]
    one = flow.get(f"Get{scope}APIToken", apitoken=name, **place)
    assert one["metadata"]["namespace"] == ("kargo" if where else PROJECT)
    flow.run(f"delete token {where} {name}", f"secret/{name} deleted")
    assert name not in flow.names(f"List{scope}APITokens", **place)


def _repo_credentials(flow: Flow, where: str) -> None:
    scope = "Shared" if where else "Project"
    place = {} if where else {"project": PROJECT}
    login = "--username testuser --password testpass"
    for kind, url in (
        ("git", "https://github.com/example/repo"),
        ("image", "docker.io/myrepo"),
        ("helm", "https://charts.example.com"),
        ("git", "https://github.com/example/.* --regex"),
    ):
        base = f"repo-credentials {where} test-{kind}-creds"
        made = flow.run(f"create {base} --{kind} --repo-url {url} {login}", "created")
        assert made.objects[0]["metadata"]["labels"] == {f"{KARGO}/cred-type": kind}
        assert f"test-{kind}-creds" in flow.names(f"List{scope}RepoCredentials", **place)
        flow.run(f"update {base} --username newuser --description 'Git credentials'", "secret/")
        named = {"repo_credentials": f"test-{kind}-creds", **place}
        values = flow.get(f"Get{scope}RepoCredentials", **named)["stringData"]
        assert (values["username"], values["repoURL"]) == ("newuser", url.split()[0])
        assert ("repoURLIsRegex" in values) == ("--regex" in url)
        flow.run(f"delete {base}", f"secret/test-{kind}-creds deleted")
        with pytest.raises(CliError, match="404 Not Found"):
            flow.get(f"Get{scope}RepoCredentials", **named)


def _config_maps(flow: Flow, where: str) -> None:
    scope = where.removeprefix("--").title() or "Project"
    place = {} if where else {"project": PROJECT}
    base, named = f"configmap {where} test-configmap", {"configmap": "test-configmap", **place}
    flow.run(f"create {base} --set KEY1=value1 --set KEY2=value2 --description 'Test'", "created")
    assert "test-configmap" in flow.names(f"List{scope}ConfigMaps", **place)
    flow.run(f"update {base} --set KEY3=value3", "configmap/test-configmap")
    flow.run(f"update {base} --description 'Updated description'", "configmap/test-configmap")
    flow.run(f"update {base} --unset KEY2", "configmap/test-configmap")
    found = printed.bare(flow.get(f"Get{scope}ConfigMap", **named))
    assert found["data"] == {"KEY1": "value1", "KEY3": "value3"}
    flow.run(f"delete {base}", "configmap/test-configmap deleted")
    with pytest.raises(CliError, match="404 Not Found"):
        flow.get(f"Get{scope}ConfigMap", **named)


def _generic_credentials(flow: Flow, where: str) -> None:
    scope = where.removeprefix("--").title() or "Project"
    place = {} if where else {"project": PROJECT}
    base = f"generic-credentials {where} test-generic-creds"
    named = {"generic_credentials": "test-generic-creds", **place}
    flow.run(f"create {base} --set API_KEY=my-api-key --set API_SECRET=my-secret", "created")
    assert "test-generic-creds" in flow.names(f"List{scope}GenericCredentials", **place)
    flow.run(f"update {base} --set NEW_TOKEN=new-token", "secret/test-generic-creds")
    flow.run(f"update {base} --description 'Updated API credentials'", "secret/")
    flow.run(f"update {base} --unset API_SECRET", "secret/test-generic-creds")
    found = printed.bare(flow.get(f"Get{scope}GenericCredentials", **named))
    assert sorted(found["stringData"]) == ["API_KEY", "NEW_TOKEN"]
    flow.run(f"delete {base}", "secret/test-generic-creds deleted")
    with pytest.raises(CliError, match="404 Not Found"):
        flow.get(f"Get{scope}GenericCredentials", **named)


def _the_end(flow: Flow) -> None:
    flow.run(f"delete project {PROJECT}", f"project.{KARGO}/{PROJECT} deleted")
    flow.apply(_PROJECT.format(PROJECT), f"project.{KARGO}/{PROJECT} created")
    for command in ("refresh projectconfig", "delete projectconfig"):
        assert flow.kargo.run(command).exit_code == 1, "it has none"
    flow.run(f"delete project {PROJECT}", f"project.{KARGO}/{PROJECT} deleted")
    for name in (PROJECT, "non-existent-project-12345"):
        with pytest.raises(CliError, match="404 Not Found"):
            flow.get("GetProject", project=name)


@pytest.mark.usefixtures("worker")
def test_a_credential_that_was_changed_in_part_still_opens_its_repository(
    site: Site, server: GitHTTPServer, tmp_path: Path
) -> None:
    flow = Flow(site, tmp_path)
    flow.kargo.run("create project closed")
    with serving(server.root, users={"newuser": "testpass"}) as closed:
        url = f"{closed.url}/closed.git"
        base = "repo-credentials opens -p closed"
        login = "--username testuser --password testpass"
        flow.run(f"create {base} --git --repo-url '{closed.url}/.*' --regex {login}")

        flow.run(f"update {base} --username newuser --description 'another name'")
        flow.apply(_WAREHOUSE.format(project="closed", url=url), "created")

        found = until(
            lambda: flow.get("QueryFreightsRest", project="closed")["groups"][""]["items"], bool
        )
        assert found[0]["commits"][0]["repoURL"] == url
