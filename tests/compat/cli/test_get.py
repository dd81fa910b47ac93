"""``kargo get``: what is listed, what is found by name, and what the tables have in their cells."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.compat.cli.live import Site
from tests.compat.cli.printed import bare, names, rows, secret_table
from tests.compat.cli.session import CliError, OldSession, Session

pytestmark = pytest.mark.slow
GIT = "https://git.example.com/team/app.git"
SCOPES = ("Project", "Shared", "System")


@pytest.fixture(scope="module")
def kargo(site: Site) -> Session:
    return site.session()


def place(scope: str) -> dict[str, str]:
    """Return ``--project=demo``, or nothing where ``--shared`` and ``--system`` tell."""
    return {"project": "demo"} if scope == "Project" else {}


def test_projects(kargo: Session) -> None:
    listed = kargo.call("ListProjects")["items"]
    found = kargo.call("GetProject", project="demo")

    assert rows("projects", listed) == rows("projects", [found])
    assert rows("projects", listed) == [("demo", "True", "Project is synced and ready for use")]
    assert bare(found)["kind"] == bare(listed[0])["kind"] == "Project"


def test_stages(kargo: Session, site: Site) -> None:
    listed = kargo.call("ListStages", project="demo")["items"]

    assert rows("stages", listed) == [
        ("prod", "", "0/1 Fulfilled", "Unhealthy", "True", "all is well"),
        ("test", "edge", site.names["held"], "Unhealthy", "True", "all is well"),
        ("through", "", "N/A", "", "True", "all is well"),
    ]


@pytest.mark.parametrize(
    ("listing", "getting", "names_of"),
    [
        ("ListStages", "GetStage", "stage"),
        ("ListWarehouses", "GetWarehouse", "warehouse"),
        ("ListPromotions", "GetPromotion", "promotion"),
    ],
)
def test_what_is_listed_is_what_is_found_by_name(
    kargo: Session, listing: str, getting: str, names_of: str
) -> None:
    listed = kargo.call(listing, project="demo")["items"]

    found = [kargo.call(getting, project="demo", **{names_of: name}) for name in names(listed)]

    assert [bare(it) for it in found] == [bare(it) for it in listed] != []


def test_of_several_names_the_missing_ones_alone_are_errors(kargo: Session) -> None:
    errors = []
    found = []

    for name in ("test", "nowhere", "prod"):
        try:
            found.append(kargo.call("GetStage", project="demo", stage=name))
        except CliError as error:
            errors.append(str(error))

    assert names(found) == ["test", "prod"]
    assert len(errors) == 1
    assert errors[0].startswith('404 Not Found: {"error":')
    assert "not found" in errors[0]


@pytest.mark.parametrize(
    "name", ["no/where", "nö where", "100%", "a?b=c#d", "..", "a+b", "a&b;c", "%2e%2e", "x" * 300]
)
def test_a_name_with_anything_in_it_is_only_not_found(kargo: Session, name: str) -> None:
    for operation, parameter in (
        ("GetStage", "stage"),
        ("GetFreight", "freight_name_or_alias"),
        ("GetProjectRole", "role"),
        ("GetProjectConfigMap", "configmap"),
    ):
        with pytest.raises(CliError) as caught:
            kargo.call(operation, project="demo", **{parameter: name})

        assert (caught.value.status, list(caught.value.error) != []) == (404, True)


def test_warehouses(kargo: Session) -> None:
    listed = kargo.call("ListWarehouses", project="demo")["items"]

    assert rows("warehouses", listed) == [("main", "edge")]
    for subscription in listed[0]["spec"]["subscriptions"]:
        assert len(set(subscription) - {"name"}) == 1


def test_promotions(kargo: Session, site: Site) -> None:
    every = kargo.call("ListPromotions", project="demo", stage="")["items"]
    of_test = kargo.call("ListPromotions", project="demo", stage="test")["items"]

    cells = rows("promotions", every)
    assert names(every) == sorted(names(every)) == names(of_test)
    held = kargo.call("GetPromotion", project="demo", promotion=site.names["succeeded"])
    (succeeded,) = rows("promotions", [held])
    assert succeeded in cells
    assert (succeeded[1], succeeded[2], succeeded[4]) == ("edge", "test", "Succeeded")
    assert len(succeeded[3]) == 40
    assert kargo.call("ListPromotions", project="demo", stage="prod")["items"] == []
    assert kargo.call("ListPromotions", project="demo", stage="nowhere")["items"] == []


def test_freight(kargo: Session, site: Site) -> None:
    answer = kargo.call("QueryFreightsRest", project="demo")

    listed = answer["groups"][""]["items"]
    cells = {row[1]: row for row in rows("freight", listed)}
    assert set(cells) == {"brave-bear-0", "brave-bear-1", "brave-bear-2"}
    assert cells["brave-bear-1"] == (site.names["held"], "brave-bear-1", "Warehouse/main")
    assert {bare(it)["kind"] for it in listed} == {"Freight"}


def test_freight_by_name_and_by_alias(kargo: Session, site: Site) -> None:
    by_name = kargo.call("GetFreight", project="demo", freight_name_or_alias=site.names["held"])
    by_alias = kargo.call("GetFreight", project="demo", freight_name_or_alias="brave-bear-1")

    assert by_name == by_alias
    assert rows("freight", [by_name])[0][1] == "brave-bear-1"


@pytest.mark.parametrize(
    ("origins", "count"), [(["main"], 3), (["other", "main"], 3), (["other"], 0), (["a", "b"], 0)]
)
def test_freight_of_some_warehouses(kargo: Session, origins: list[str], count: int) -> None:
    answer = kargo.call("QueryFreightsRest", project="demo", origins=origins)

    assert len(answer["groups"][""]["items"]) == count


@pytest.mark.parametrize("scope", ["Project", "Shared"])
def test_configurations(kargo: Session, scope: str) -> None:
    found = (
        kargo.call("GetProjectConfig", project="demo")
        if scope == "Project"
        else kargo.call("GetClusterConfig")
    )

    assert rows("config", [found]) == [("demo" if scope == "Project" else "cluster",)]
    assert bare(found)["kind"] == ("ProjectConfig" if scope == "Project" else "ClusterConfig")


@pytest.mark.parametrize("scope", SCOPES)
def test_config_maps(kargo: Session, scope: str) -> None:
    listed = kargo.call(f"List{scope}ConfigMaps", **place(scope))["items"]
    found = kargo.call(f"Get{scope}ConfigMap", configmap="settings", **place(scope))

    assert rows("configmaps", [found]) == [("settings", "It is.", 1)]
    assert bare(found) in [bare(it) for it in listed]


@pytest.mark.parametrize("scope", SCOPES)
def test_generic_credentials(kargo: Session, scope: str) -> None:
    listed = kargo.call(f"List{scope}GenericCredentials", **place(scope))["items"]
    found = kargo.call(
        f"Get{scope}GenericCredentials", **{"generic_credentials": "slack", **place(scope)}
    )

    assert secret_table(listed) == secret_table([found]) == "generic-credentials"
    assert rows("generic-credentials", [found]) == [("slack", "It is.")]
    assert found["stringData"] == {"apiKey": "*** REDACTED ***"}
    assert "data" not in found
    assert bare(found) in [bare(it) for it in listed]


@pytest.mark.parametrize("scope", ["Project", "Shared"])
def test_repository_credentials(kargo: Session, scope: str) -> None:
    listed = kargo.call(f"List{scope}RepoCredentials", **place(scope))["items"]
    found = kargo.call(f"Get{scope}RepoCredentials", **{"repo_credentials": "git", **place(scope)})

    assert secret_table(listed) == "repo-credentials"
    assert rows("repo-credentials", [found]) == [("git", "git", "", GIT)]
    assert found["stringData"]["password"] == "*** REDACTED ***"
    assert bare(found) in [bare(it) for it in listed]


def test_roles_of_a_project(kargo: Session) -> None:
    listed = kargo.call("ListProjectRoles", project="demo")
    found = [kargo.call("GetProjectRole", project="demo", role=it) for it in names(listed)]

    assert isinstance(listed, list)
    assert [row[0] for row in rows("roles", listed)] == sorted(names(listed))
    assert {"kargo-admin", "kargo-promoter", "kargo-viewer"} <= set(names(listed))
    assert found == listed
    assert {it["metadata"]["namespace"] for it in found} == {"demo"}


def test_roles_of_the_system(kargo: Session) -> None:
    listed = kargo.call("ListSystemRoles")
    found = [kargo.call("GetSystemRole", role=it) for it in names(listed)]

    assert rows("roles", found) == rows("roles", listed)
    assert {"kargo-admin", "kargo-viewer"} <= set(names(listed))


@pytest.fixture(scope="module")
def tokens(kargo: Session) -> Iterator[dict[str, Any]]:
    """Two tokens of a project and one of the system, with their one-time values."""
    yield {
        "viewing": kargo.call(
            "CreateProjectAPIToken", project="demo", role="kargo-viewer", body={"name": "viewing"}
        ),
        "acting": kargo.call(
            "CreateProjectAPIToken", project="demo", role="kargo-admin", body={"name": "acting"}
        ),
        "whole": kargo.call("CreateSystemAPIToken", role="kargo-admin", body={"name": "whole"}),
    }
    for name in ("viewing", "acting"):
        kargo.call("DeleteProjectAPIToken", project="demo", apitoken=name)
    kargo.call("DeleteSystemAPIToken", apitoken="whole")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("", [("acting", "kargo-admin", True), ("viewing", "kargo-viewer", True)]),
        ("kargo-viewer", [("viewing", "kargo-viewer", True)]),
        ("kargo-promoter", []),
    ],
)
def test_tokens_of_a_project(
    kargo: Session, tokens: dict[str, Any], role: str, expected: list[tuple[Any, ...]]
) -> None:
    listed = kargo.call("ListProjectAPITokens", project="demo", role=role)["items"]

    assert rows("tokens", listed) == expected
    assert not listed or secret_table(listed) == "tokens"
    if not role:
        assert kargo.call("ListProjectAPITokens", project="demo")["items"] == listed


def test_tokens_of_a_role_that_is_not_there(kargo: Session) -> None:
    with pytest.raises(CliError, match="404 Not Found"):
        kargo.call("ListProjectAPITokens", project="demo", role="nobody")


def test_a_token_is_shown_once(kargo: Session, tokens: dict[str, Any]) -> None:
    made, found = (
        tokens["viewing"],
        kargo.call("GetProjectAPIToken", project="demo", apitoken="viewing"),
    )

    assert base64.b64decode(made["data"]["token"]).startswith(b"ey")
    assert base64.b64decode(found["data"]["token"]) == b"*** REDACTED ***"
    assert secret_table([found]) == "tokens"


def test_tokens_of_the_system(kargo: Session, tokens: dict[str, Any]) -> None:
    listed = kargo.call("ListSystemAPITokens", role="kargo-admin")["items"]
    found = kargo.call("GetSystemAPIToken", apitoken="whole")

    assert rows("tokens", [found]) == [("whole", "kargo-admin", True)]
    assert "whole" in names(listed)


def test_a_token_does_what_its_role_may(site: Site, kargo: Session, tokens: dict[str, Any]) -> None:
    plaintext = base64.b64decode(tokens["viewing"]["data"]["token"]).decode()
    viewer = Session(site.address, plaintext)

    assert names(viewer.call("ListStages", project="demo")["items"]) == ["prod", "test", "through"]
    with pytest.raises(CliError, match="403 Forbidden"):
        viewer.call("DeleteStage", project="demo", stage="prod")


def test_whoever_may_only_look_reads_the_same(site: Site, kargo: Session) -> None:
    bob = site.session("bob")

    assert bob.call("ListStages", project="demo") == kargo.call("ListStages", project="demo")


def test_nobody_sees_another_tenants(site: Site) -> None:
    charlie = site.session("charlie")
    calls: tuple[tuple[str, dict[str, str]], ...] = (
        ("GetProject", {}),
        ("ListStages", {}),
        ("GetStage", {"stage": "test"}),
    )

    for name, more in calls:
        with pytest.raises(CliError) as caught:
            charlie.call(name, project="demo", **more)
        assert caught.value.status == 404
    with pytest.raises(CliError, match=r"401 Unauthorized: .*no token provided"):
        Session(site.address).call("ListProjects")
    with pytest.raises(CliError, match=r"401 Unauthorized: .*invalid token"):
        Session(site.address, "junk").call("ListProjects")


@pytest.mark.parametrize("address", ["{}/", "{}/t/default", "{}/t/default/"])
def test_every_form_of_an_address_leads_to_the_same(
    site: Site, kargo: Session, address: str
) -> None:
    other = Session(address.format(site.address), kargo.token)

    assert other.call("ListStages", project="demo") == kargo.call("ListStages", project="demo")
    assert other.call("GetVersionInfo") == kargo.call("GetVersionInfo")


def test_a_tenant_has_an_address_of_its_own(site: Site) -> None:
    charlie = site.session("charlie", tenant="acme")

    assert charlie.call("ListProjects")["items"] == []
    with pytest.raises(CliError, match="404 Not Found"):
        charlie.call("GetProject", project="demo")
    with pytest.raises(CliError, match="404 Not Found"):
        charlie.call("GetClusterConfig")


READS: list[tuple[str, dict[str, Any]]] = [
    ("ListProjects", {}),
    ("GetProject", {"project": "demo"}),
    ("ListStages", {"project": "demo"}),
    ("GetStage", {"project": "demo", "stage": "test"}),
    ("ListWarehouses", {"project": "demo"}),
    ("ListPromotions", {"project": "demo", "stage": ""}),
    ("QueryFreightsRest", {"project": "demo", "origins": ["main", "other"]}),
    ("GetProjectConfig", {"project": "demo"}),
    ("GetClusterConfig", {}),
    ("ListProjectRoles", {"project": "demo"}),
    ("ListSystemAPITokens", {}),
    ("ListSharedRepoCredentials", {}),
    ("GetVersionInfo", {}),
    ("GetConfig", {}),
    ("GetPublicConfig", {}),
]


@pytest.mark.parametrize(("name", "parameters"), READS, ids=[name for name, _ in READS])
def test_an_older_command_line_reads_the_same(
    site: Site, kargo: Session, name: str, parameters: dict[str, Any]
) -> None:
    old = OldSession(site.address, kargo.token)

    assert old.call(name, **parameters) == kargo.call(name, **parameters)


def test_an_older_command_line_forgets_the_tenant_of_its_address(site: Site) -> None:
    old = OldSession(site.address_of("acme"), site.tokens["admin"])

    assert names(old.call("ListProjects")["items"]) == ["demo"]
