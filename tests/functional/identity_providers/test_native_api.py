"""Identity providers through the platform's own API: what is written, read, refused and kept."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from kargo_platform.openapi.views import schema
from projects.models import IdentityProvider, Project
from projects.services.identity_providers import client_secret_of
from projects.services.tenants import suspend_tenant
from rbac.actors import operator_at_console
from rbac.models import AuditEvent, User
from rbac.services import issue_token
from tests.fakes.identity_provider import FakeProvider
from tests.functional.identity_providers.conftest import (
    PLATFORMS,
    SECRET,
    TENANTS,
    body,
    program,
    send,
)
from tests.functional.sign_in.conftest import map_claim

pytestmark = pytest.mark.django_db


def test_a_tenant_admin_creates_a_provider(tara: Client, project: Project) -> None:
    answer = send(tara, "post", TENANTS, body())

    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made == {
        "name": "corp",
        "uid": made["uid"],
        "tenant": "acme",
        "title": "Corporate",
        "issuer": "https://login.corp.example/",
        "clientId": "kargo",
        "cliClientId": "",
        "clientAuth": "client_secret_basic",
        "scopes": ["openid", "email", "groups"],
        "usernameClaim": "email",
        "groupsClaim": "https://corp.example/groups",
        "emailDomains": ["corp.example"],
        "trustsEmail": False,
        "endsProviderSession": False,
        "enabled": True,
        "hasClientSecret": True,
        "redirectUris": [
            "http://127.0.0.1:8000/t/acme/oidc/corp/callback/",
            "http://localhost/auth/callback",
        ],
        "postLogoutRedirectUri": "http://127.0.0.1:8000/t/acme/accounts/login/",
        "createdAt": made["createdAt"],
        "updatedAt": made["createdAt"],
    }
    row = IdentityProvider.objects.get()
    assert row.tenant == project.tenant
    assert client_secret_of(row) == SECRET
    assert SECRET not in row.encrypted


def test_the_audit_says_who_wrote_it_and_no_secret(tara: Client, project: Project) -> None:
    send(tara, "post", TENANTS, body())
    send(tara, "patch", f"{TENANTS}/corp", {"title": "New", "clientSecret": "another secret"})
    send(tara, "delete", f"{TENANTS}/corp")

    events = list(AuditEvent.objects.filter(kind="IdentityProvider").order_by("sequence"))
    assert [it.action.rpartition(".")[2] for it in events] == ["create", "update", "delete"]
    assert {(it.actor, it.tenant_uid) for it in events} == {
        ("email:tara@example.com", project.tenant.uid)
    }
    assert events[1].before is not None
    assert events[1].after is not None
    assert (events[1].before["title"], events[1].after["title"]) == ("Corporate", "New")
    assert not any(it in str([vars(event) for event in events]) for it in (SECRET, "another sec"))


def test_a_secret_goes_in_and_never_comes_out(tara: Client) -> None:
    made = send(tara, "post", TENANTS, body())
    answers = [
        made,
        tara.get(TENANTS),
        tara.get(f"{TENANTS}/corp"),
        send(tara, "patch", f"{TENANTS}/corp", {"clientSecret": f"{SECRET} 2"}),
        send(tara, "patch", f"{TENANTS}/corp", {"clientSecret": f"{SECRET} 3", "issuer": "x"}),
    ]

    said = "".join(it.content.decode() for it in answers)
    assert not any(it in said for it in (SECRET, IdentityProvider.objects.get().encrypted))
    assert answers[-1].status_code == 422


def test_what_a_change_does_not_name_stays(tara: Client) -> None:
    send(tara, "post", TENANTS, body())

    changed = send(tara, "patch", f"{TENANTS}/corp", {"title": "New"}).json()
    kept = client_secret_of(IdentityProvider.objects.get())
    public = send(tara, "patch", f"{TENANTS}/corp", {"clientSecret": None}).json()

    assert changed["title"] == "New"
    assert changed["groupsClaim"] == "https://corp.example/groups"
    assert kept == SECRET
    assert public["hasClientSecret"] is False
    assert client_secret_of(IdentityProvider.objects.get()) == ""


def test_a_deleted_provider_is_gone(tara: Client) -> None:
    send(tara, "post", TENANTS, body())

    assert tara.delete(f"{TENANTS}/corp").status_code == 204
    assert tara.get(f"{TENANTS}/corp").status_code == 404
    assert tara.delete(f"{TENANTS}/corp").status_code == 404
    assert tara.get(TENANTS).json() == {"items": [], "after": None}


def test_lists_are_paged_by_name(tara: Client) -> None:
    for name in ("d", "a", "c", "b"):
        send(tara, "post", TENANTS, body(name=name))

    first = tara.get(TENANTS, {"limit": "3"}).json()
    second = tara.get(TENANTS, {"limit": "3", "after": first["after"]}).json()

    assert [it["name"] for it in first["items"]] == ["a", "b", "c"]
    assert [it["name"] for it in second["items"]] == ["d"]
    assert second["after"] is None
    assert tara.get(TENANTS, {"limit": "1001"}).status_code == 400
    assert tara.get(TENANTS, {"limit": "-1"}).status_code == 400


def test_a_list_costs_the_same_however_long_it_is(
    tara: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    send(tara, "post", TENANTS, body())
    with django_assert_max_num_queries(30) as one:
        tara.get(TENANTS)
        few = len(one)
    for number in range(5):
        send(tara, "post", TENANTS, body(name=f"corp-{number}"))

    with django_assert_num_queries(few):
        assert len(tara.get(TENANTS).json()["items"]) == 6


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"issuer": "http://login.corp.example"}, 422, "issuer: must be an https address"),
        ({"issuer": "https://a.example:99999"}, 422, "issuer: is not an address"),
        ({"issuer": "https://a.example/?b=1"}, 422, "issuer: must be exactly"),
        ({"issuer": "https://a.example/" + "x" * 600}, 422, "issuer: must have at most 500"),
        ({"issuer": "http://127.0.0.1:8000"}, 422, "issuer: is this platform itself"),
        ({"issuer": None}, 422, "issuer: must be an https address"),
        ({"clientId": " "}, 422, "clientId: is what the provider calls this platform"),
        ({"clientId": "x" * 256}, 422, "clientId: must have at most 255"),
        ({"clientSecret": "x" * 5000}, 422, "clientSecret: must have at most 4096"),
        ({"clientAuth": "private_key_jwt"}, 422, "clientAuth: must be one of"),
        ({"scopes": ["email"]}, 422, "scopes: must include openid"),
        ({"scopes": ["openid"] * 60}, 422, "scopes: must be at most 50"),
        ({"scopes": "openid"}, 400, '"scopes" must be a list of strings'),
        ({"scopes": ["openid", 5]}, 400, '"scopes" must be a list of strings'),
        ({"usernameClaim": "kubernetes"}, 422, "usernameClaim: must be a claim, and none of"),
        ({"usernameClaim": ""}, 422, "usernameClaim: must be a claim"),
        ({"groupsClaim": "a b"}, 422, "groupsClaim: must be the name of a claim"),
        ({"emailDomains": ["a@b.example"]}, 422, "emailDomains: must be domains"),
        ({"trustsEmail": True}, 422, "trustsEmail: is for the platform's own"),
        ({"trustsEmail": "yes"}, 400, '"trustsEmail" must be true or false'),
        ({"enabled": None, "is_enabled": True}, 400, '"is_enabled" is not known'),
        ({"name": "a b"}, 422, "name: must have only letters"),
        ({"name": "a\u0000"}, 400, "NUL"),
        ({"name": 5}, 400, '"name" must be a string'),
        ({"title": "two\nlines"}, 422, "title: must have no control characters"),
        ({"tenant": "elsewhere"}, 400, '"tenant" is not known'),
        ({"encrypted": "x"}, 400, '"encrypted" is not known'),
    ],
    ids=str,
)
def test_what_is_not_usable_is_refused_in_words(
    tara: Client, change: dict[str, Any], status: int, said: str
) -> None:
    answer = send(tara, "post", TENANTS, body(**change))

    assert answer.status_code == status, answer.content
    assert said in answer.json()["error"]
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize("junk", ["[]", "null", "{", '"x"', '{"name": [[[[]]]]}', "[" * 100_000])
def test_junk_is_refused(tara: Client, junk: str) -> None:
    answer = tara.post(TENANTS, junk, content_type="application/json")

    assert answer.status_code in {400, 422}
    assert "error" in answer.json()


def test_a_name_is_taken_once(tara: Client, root: Client, project: Project) -> None:
    assert send(tara, "post", TENANTS, body()).status_code == 201
    assert send(tara, "post", TENANTS, body()).status_code == 409
    assert send(root, "post", PLATFORMS, body()).status_code == 201
    assert send(root, "post", PLATFORMS, body()).status_code == 409
    assert send(root, "post", TENANTS.replace("acme", "default"), body()).status_code == 409


def test_the_name_is_part_of_addresses_and_stays(tara: Client) -> None:
    send(tara, "post", TENANTS, body())

    assert send(tara, "patch", f"{TENANTS}/corp", {"name": "other"}).status_code == 400


def test_an_operator_writes_the_platforms_own(root: Client, project: Project) -> None:
    made = send(root, "post", PLATFORMS, body(trustsEmail=True)).json()
    changed = send(root, "patch", f"{PLATFORMS}/corp", {"enabled": False}).json()
    listed = root.get(PLATFORMS).json()["items"]

    assert (made["tenant"], made["trustsEmail"]) == (None, True)
    assert made["redirectUris"][0] == "http://127.0.0.1:8000/oidc/corp/callback/"
    assert changed["enabled"] is False
    assert [it["name"] for it in listed] == ["corp"]
    assert root.get(TENANTS).json()["items"] == []
    assert root.delete(f"{PLATFORMS}/corp").status_code == 204


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("viewer", 403),
        ("project admin", 403),
        ("admin of another tenant", 404),
        ("tenant admin", 404),
        ("operator", 404),
    ],
)
def test_nobody_else_learns_which_providers_there_are(
    people: dict[str, User], who: str, status: int
) -> None:
    """For those who may, the provider is just not there; for others the answers are alike."""
    client = program(people[who])
    there = send(program(people["tenant admin"]), "post", TENANTS, body())
    assert there.status_code == 201

    missing = [send(client, it, f"{TENANTS}/nothing") for it in ("get", "patch", "delete")]

    assert {it.status_code for it in missing} == {status}
    if status == 403 or who == "admin of another tenant":
        found = [send(client, it, f"{TENANTS}/corp") for it in ("get", "patch", "delete")]
        assert {it.status_code for it in found} == {status}
        assert [it.content.replace(b"corp", b"nothing") for it in found] == [
            it.content for it in missing
        ]


def test_only_operators_see_the_platforms_own(people: dict[str, User]) -> None:
    statuses = {who: program(user).get(PLATFORMS).status_code for who, user in people.items()}

    assert statuses == {**dict.fromkeys(people, 403), "operator": 200}


def test_a_suspended_tenant_has_none_but_for_operators(
    tara: Client, root: Client, project: Project
) -> None:
    suspend_tenant(project.tenant, actor=operator_at_console("tests"), reason="x", now=now())

    assert tara.get(TENANTS).status_code in {401, 404}
    assert root.get(TENANTS).status_code == 200


def test_a_token_that_is_narrowed_to_a_tenant_writes_no_other(
    people: dict[str, User], project: Project
) -> None:
    token = issue_token(
        people["operator"],
        name="narrow",
        tenant_uid=project.tenant.uid,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )[1]
    client = Client(headers={"authorization": f"Bearer {token}"})

    assert client.get(TENANTS).status_code == 200
    assert client.get(TENANTS.replace("acme", "elsewhere")).status_code == 404
    assert client.get(PLATFORMS).status_code == 403


def test_switching_one_off_ends_the_sessions_of_its_people(
    tara: Client, project: Project, fake: FakeProvider
) -> None:
    map_claim(project, "kargo-viewer", "groups", "developers")
    send(tara, "post", TENANTS, body(issuer=fake.url, emailDomains=None, groupsClaim="groups"))
    alice = Client(headers={"authorization": f"Bearer {fake.token()}"})
    before = alice.get("/t/acme/v1beta1/projects").status_code

    send(tara, "patch", f"{TENANTS}/corp", {"enabled": False})

    assert (before, alice.get("/t/acme/v1beta1/projects").status_code) == (200, 401)


def test_the_description_has_every_operation() -> None:
    paths = schema()["paths"]
    one = {it: paths[it] for it in paths if "identity-providers" in it}

    assert {path: sorted(found) for path, found in one.items()} == {
        f"/api/v1/{root}identity-providers{rest}": sorted(methods)
        for root in ("", "tenants/{tenant}/")
        for rest, methods in {
            "": ["get", "post"],
            "/{provider}": ["get", "patch", "delete"],
            "/{provider}/check": ["post"],
        }.items()
    }
    listed = one["/api/v1/tenants/{tenant}/identity-providers"]["get"]
    schemas = schema()["components"]["schemas"]
    assert {it["name"] for it in listed["parameters"]} == {"tenant", "limit", "after"}
    assert "clientSecret" not in schemas["IdentityProvider"]["properties"]
    assert schemas["NewIdentityProvider"]["properties"]["clientSecret"]["writeOnly"] is True
