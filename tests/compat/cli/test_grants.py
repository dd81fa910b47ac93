"""`kargo grant` and `revoke`: by claim and by kind, and the look afterwards that is printed."""

from typing import Any

import pytest

from tests.compat.cli.command_line import Kargo, in_short
from tests.compat.cli.live import Site
from tests.compat.cli.session import OldSession, Session

pytestmark = [pytest.mark.slow]

ROLES = "/v1beta1/projects/demo/roles"
KARGO, ARGO = "kargo.akuity.io", "argoproj.io"
ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


def _role(kargo: Kargo, name: str) -> None:
    assert kargo.run(f"create role {name}").lines == [f"role.rbac.{KARGO}/{name} created"]


def _changed(kargo: Kargo, command: str) -> dict[str, Any]:
    outcome = kargo.run(command)
    assert outcome.errors == []
    (found,) = outcome.objects
    assert outcome.lines == [f"role.rbac.{KARGO}/{found['metadata']['name']} updated"]
    result: dict[str, Any] = found
    return result


def _rule(group: str, resource: str, *verbs: str, name: str = "") -> dict[str, Any]:
    names = {"resourceNames": [name]} if name else {}
    return {"apiGroups": [group], "resources": [resource], **names, "verbs": list(verbs)}


def test_a_grant_and_a_look_afterwards(kargo: Kargo) -> None:
    _role(kargo, "sent")
    get = f"GET {ROLES}/sent"
    verb = "--role sent --verb get --verb list,watch --resource-type stages --resource-name dev"
    details = {"resourceType": "stages", "resourceName": "dev", "verbs": ["get", "list", "watch"]}
    claim = "--role sent --claim email=a@example.com --claim groups=x,groups=y"
    claims = [
        {"name": "email", "values": ["a@example.com"]},
        {"name": "groups", "values": ["x"]},
        {"name": "groups", "values": ["y"]},
    ]

    for command, path in (("grant", "grants"), ("revoke", "revocations")):
        post = f"POST {ROLES}/{path}"
        assert kargo.requests(f"{command} {verb}") == [
            in_short(post, role="sent", resourceDetails=details),
            get,
        ]
        assert kargo.requests(f"{command} {claim}") == [
            in_short(post, role="sent", userClaims={"claims": claims}),
            get,
        ]


def test_people_are_granted_a_role_by_their_claims(kargo: Kargo) -> None:
    _role(kargo, "claimed")

    one = _changed(kargo, "grant --role claimed --claim email=b@example.com --claim groups=devs")
    two = _changed(kargo, "grant --role claimed --claim email=a@example.com")
    same = _changed(kargo, "grant --role claimed --claim email=a@example.com")
    less = _changed(kargo, "revoke --role claimed --claim email=b@example.com")
    none = _changed(
        kargo,
        "revoke --role claimed --claim email=a@example.com --claim groups=devs --claim sub=never",
    )

    groups = {"name": "groups", "values": ["devs"]}
    assert one["claims"] == [{"name": "email", "values": ["b@example.com"]}, groups]
    both = {"name": "email", "values": ["a@example.com", "b@example.com"]}
    assert two["claims"] == same["claims"] == [both, groups]
    assert less["claims"] == [{"name": "email", "values": ["a@example.com"]}, groups]
    assert none["claims"] == []


def test_a_role_is_granted_verbs_on_a_kind(kargo: Kargo) -> None:
    _role(kargo, "able")

    _changed(kargo, "grant --role able --verb get --resource-type stages")
    _changed(kargo, "grant --role able --verb promote --resource-type stages --resource-name dev")
    found = _changed(kargo, "grant --role able --verb list,get --resource-type stages")
    less = _changed(kargo, "revoke --role able --verb get,delete --resource-type stages")
    none = _changed(
        kargo, "revoke --role able --verb promote --resource-type stages --resource-name dev"
    )
    gone = _changed(kargo, "revoke --role able --verb list --resource-type stages")

    named = _rule(KARGO, "stages", "promote", name="dev")
    assert found["rules"] == [_rule(KARGO, "stages", "get", "list"), named]
    assert less["rules"] == [_rule(KARGO, "stages", "list"), named]
    assert none["rules"] == [_rule(KARGO, "stages", "list")]
    assert gone["rules"] == []
    assert gone["kargoManaged"] is True
    assert gone["metadata"]["namespace"] == "demo"


TYPES = [
    ("stage", KARGO, "stages"),
    ("stages", KARGO, "stages"),
    ("freight", KARGO, "freights"),
    ("freights", KARGO, "freights"),
    ("promotion", KARGO, "promotions"),
    ("warehouse", KARGO, "warehouses"),
    ("projectconfig", KARGO, "projectconfigs"),
    ("promotiontask", KARGO, "promotiontasks"),
    ("configmap", "", "configmaps"),
    ("secret", "", "secrets"),
    ("event", "", "events"),
    ("serviceaccount", "", "serviceaccounts"),
    ("role", "rbac.authorization.k8s.io", "roles"),
    ("rolebinding", "rbac.authorization.k8s.io", "rolebindings"),
    ("analysistemplate", ARGO, "analysistemplates"),
    ("analysisrun", ARGO, "analysisruns"),
]


@pytest.mark.parametrize(("given", "group", "resource"), TYPES, ids=[it[0] for it in TYPES])
def test_a_kind_may_be_named_in_the_singular(
    kargo: Kargo, given: str, group: str, resource: str
) -> None:
    role = f"kind-{given}"
    _role(kargo, role)

    found = _changed(kargo, f"grant --role {role} --verb get --resource-type {given}")
    gone = _changed(kargo, f"revoke --role {role} --verb get --resource-type {given}")

    assert found["rules"] == [_rule(group, resource, "get")]
    assert gone["rules"] == []


@pytest.mark.parametrize(
    ("resource", "verbs"),
    [("stages", tuple(sorted((*ALL, "promote")))), ("warehouses", ALL)],
)
def test_a_star_is_written_out(kargo: Kargo, resource: str, verbs: tuple[str, ...]) -> None:
    _role(kargo, f"star-{resource}")

    found = _changed(kargo, f"grant --role star-{resource} --verb '*' --resource-type {resource}")

    assert found["rules"] == [_rule(KARGO, resource, *verbs)]


def test_what_was_granted_may_be_done_at_once_and_no_more_after_it_was_revoked(
    site: Site, kargo: Kargo
) -> None:
    _role(kargo, "doing")
    made = kargo.run("create token doing --role doing")
    holder = Session(site.address, made.lines[-1].removeprefix("Token: "))
    look = "--role doing --verb get --resource-type stage --resource-name test"

    before = holder.ask("GetStage", project="demo", stage="test").status
    _changed(kargo, f"grant {look}")
    granted = holder.call("GetStage", project="demo", stage="test")
    other = holder.ask("GetStage", project="demo", stage="prod").status
    _changed(kargo, f"revoke {look}")
    after = holder.ask("GetStage", project="demo", stage="test").status

    assert (before, other, after) == (403, 403, 403)
    assert granted["metadata"]["name"] == "test"


REFUSED = [
    ("--role nobody --verb get --resource-type stages", 404, '"nobody" not found'),
    ("--role nobody --claim email=a@example.com", 404, '"nobody" not found'),
    ("--role sane --verb get --resource-type nonsense", 400, "nonsense"),
    ("--role sane --verb get --resource-type stages -p nowhere", 404, '"nowhere" not found'),
    ("--role sane --claim email=", 400, "claim"),
    ("--role kargo-admin --verb get --resource-type stages", 400, "kargo-admin"),
]


@pytest.mark.parametrize("command", ["grant", "revoke"])
@pytest.mark.parametrize(("flags", "status", "words"), REFUSED, ids=[it[0] for it in REFUSED])
def test_what_cannot_be_granted_is_refused_in_words(
    kargo: Kargo, command: str, flags: str, status: int, words: str
) -> None:
    kargo.run("create role sane")

    outcome = kargo.run(f"{command} {flags}")

    (error,) = outcome.errors
    assert error.startswith(f"{status} ")
    assert words in error.replace('\\"', '"')
    assert outcome.lines == []


def test_default_roles_take_people_in_and_let_them_go(kargo: Kargo) -> None:
    claim = "--role kargo-promoter --claim email=p@example.com"
    given = {"name": "email", "values": ["p@example.com"]}

    assert _changed(kargo, f"grant {claim}")["claims"] == [given]
    assert _changed(kargo, f"revoke {claim}")["claims"] == []


def test_nobody_grants_what_they_do_not_hold(site: Site, kargo: Kargo) -> None:
    _role(kargo, "limited")
    alice, bob = Kargo(site.session("alice"), "demo"), Kargo(site.session("bob"), "demo")
    everything = "grant --role limited --verb create --resource-type clusterconfigs"

    (too_much,) = alice.run(everything).errors
    (no_right,) = bob.run("grant --role limited --verb get --resource-type stages").errors

    assert too_much.startswith("403 Forbidden: ")
    assert no_right.startswith("403 Forbidden: ")
    assert _changed(alice, "grant --role limited --verb get --resource-type stages")["rules"]


def test_an_older_command_line_grants_as_well(site: Site, kargo: Kargo) -> None:
    _role(kargo, "older")
    old = Kargo(OldSession(site.address, site.tokens["admin"]), "demo")

    for flags in ("--verb get --resource-type stages", "--claim email=o@example.com"):
        granted = _changed(old, f"grant --role older {flags}")
        assert granted.get("rules") or granted.get("claims")
        left = _changed(old, f"revoke --role older {flags}")
        assert not left.get("rules")
        assert not left.get("claims")
