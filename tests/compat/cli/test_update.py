"""`kargo update`: what a patch sends, what it leaves alone, and what is printed afterwards."""

from typing import Any

import pytest

from tests.compat.cli.command_line import Kargo, in_short
from tests.compat.cli.live import Site
from tests.compat.cli.session import OldSession

pytestmark = [pytest.mark.slow]

PLACES = {
    "": "/v1beta1/projects/demo",
    "--shared": "/v1beta1/shared",
    "--system": "/v1beta1/system",
}
REDACTED = "*** REDACTED ***"
DESCRIPTION = "kargo.akuity.io/description"
_URL = "https://git.example.com/team"


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


def _make(kargo: Kargo, command: str) -> None:
    outcome = kargo.run(f"create {command}")
    assert outcome.errors == []


def _after(kargo: Kargo, command: str) -> dict[str, Any]:
    """Return the object that the command asked for after it had changed it."""
    outcome = kargo.run(f"update {command}")
    assert outcome.errors == []
    (found,) = outcome.objects
    kind = "configmap" if found["kind"] == "ConfigMap" else "secret"
    assert outcome.lines == [f"{kind}/{found['metadata']['name']}"]
    result: dict[str, Any] = found
    return result


SENT: list[tuple[str, dict[str, Any]]] = [
    ("--set C=3", {"data": {"C": "3"}}),
    ("--set C=4 --set 'D= x=y '", {"data": {"C": "4", "D": "x=y"}}),
    ("--unset B", {"removeKeys": ["B"]}),
    ("--description new", {"description": "new"}),
    ("--set A=1 --unset D --description newer", {"data": {"A": "1"}, "removeKeys": ["D"]}),
]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("noun", ["configmap", "generic-credentials"])
def test_a_patch_and_a_look_afterwards(kargo: Kargo, noun: str, where: str) -> None:
    name = f"sent-{noun[:3]}"
    _make(kargo, f"{noun} {name} {where} --set A=0 --set B=0")
    path = f"{PLACES[where]}/{noun if noun != 'configmap' else 'configmaps'}/{name}"

    for flags, body in SENT:
        told = {"description": "newer"} if "newer" in flags else {}
        assert kargo.requests(f"update {noun} {name} {where} {flags}") == [
            in_short(f"PATCH {path}", **body, **told),
            f"GET {path}",
        ]


@pytest.mark.parametrize("where", PLACES)
def test_a_config_map_keeps_what_is_not_named(kargo: Kargo, where: str) -> None:
    _make(kargo, f"configmap kept {where} --set A=1 --set B=2 --description old")

    added = _after(kargo, f"configmap kept {where} --set C=3")
    described = _after(kargo, f"configmap kept {where} --description new")
    removed = _after(kargo, f"configmap kept {where} --unset B --unset never-there")

    assert added["data"] == {"A": "1", "B": "2", "C": "3"}
    assert added["metadata"]["annotations"] == {DESCRIPTION: "old"}
    assert described["data"] == added["data"]
    assert described["metadata"]["annotations"] == {DESCRIPTION: "new"}
    assert removed["data"] == {"A": "1", "C": "3"}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("noun", ["configmap", "generic-credentials"])
def test_a_key_that_is_both_set_and_unset_is_set(kargo: Kargo, noun: str, where: str) -> None:
    name = f"both-{noun[:3]}"
    _make(kargo, f"{noun} {name} {where} --set A=1 --set B=2")

    found = _after(kargo, f"{noun} {name} {where} --set A=again --unset A --unset B")

    values = found.get("data") or found["stringData"]
    assert values == {"A": "again" if noun == "configmap" else REDACTED}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("noun", ["configmap", "generic-credentials"])
def test_nothing_may_be_left_without_a_key(kargo: Kargo, noun: str, where: str) -> None:
    name = f"bare-{noun[:3]}"
    _make(kargo, f"{noun} {name} {where} --set A=1")

    (error,) = kargo.run(f"update {noun} {name} {where} --unset A").errors

    assert error.startswith("400 Bad Request: ")
    assert _after(kargo, f"{noun} {name} {where} --unset A --set B=1")


@pytest.mark.parametrize("where", ["", "--shared"])
def test_a_repository_credential_keeps_what_is_not_named(kargo: Kargo, where: str) -> None:
    base = f"repo-credentials kept-repo {where}"
    _make(kargo, f"{base} --git --repo-url {_URL}/.* --regex --username a --password p")
    whole = {
        "repoURL": f"{_URL}/.*",
        "repoURLIsRegex": "true",
        "username": "a",
        "password": REDACTED,
    }

    assert _after(kargo, f"{base} --username b")["stringData"] == {**whole, "username": "b"}
    assert _after(kargo, f"{base} --password q")["stringData"] == {**whole, "username": "b"}
    described = _after(kargo, f"{base} --description d")
    assert described["metadata"]["annotations"] == {DESCRIPTION: "d"}
    assert _after(kargo, f"{base} --helm")["metadata"]["labels"] == {
        "kargo.akuity.io/cred-type": "helm"
    }
    assert _after(kargo, f"{base} --type image")["metadata"]["annotations"] == {DESCRIPTION: "d"}
    plain = _after(kargo, f"{base} --repo-url {_URL}/one")["stringData"]
    assert plain == {"repoURL": f"{_URL}/one", "username": "b", "password": REDACTED}
    pattern = _after(kargo, f"{base} --repo-url {_URL}/[0-9]+ --regex")["stringData"]
    assert (pattern["repoURL"], pattern["repoURLIsRegex"]) == (f"{_URL}/[0-9]+", "true")


@pytest.mark.parametrize("where", ["", "--shared"])
def test_of_a_repository_credential_only_the_regex_is_always_sent(kargo: Kargo, where: str) -> None:
    _make(kargo, f"repo-credentials sent {where} --git --repo-url x --username a --password p")
    path = f"{PLACES[where]}/repo-credentials/sent"
    table: dict[str, dict[str, Any]] = {
        "--username b": {"username": "b"},
        "--password q": {"password": "q"},
        "--description d": {"description": "d"},
        "--image": {"type": "image"},
        "--repo-url y --regex": {"repoUrl": "y", "repoUrlIsRegex": True},
    }

    for flags, body in table.items():
        sent = kargo.requests(f"update repo-credentials sent {where} {flags}")
        whole = {"repoUrlIsRegex": False} | body
        assert sent == [in_short(f"PATCH {path}", **whole), f"GET {path}"]


def test_a_blank_description_takes_it_away(kargo: Kargo) -> None:
    _make(kargo, "configmap described --set A=1 --description old")
    _make(kargo, "generic-credentials described --set A=1 --description old")
    body = {"description": ""}

    for name, parameter in (
        ("PatchProjectConfigMap", "configmap"),
        ("PatchProjectGenericCredentials", "generic_credentials"),
    ):
        found = kargo.session.call(name, body=body, project="demo", **{parameter: "described"})
        assert "annotations" not in found["metadata"]


REFUSED = [
    ("configmap nothing --set A=1", 404, 'configmaps "nothing" not found'),
    ("configmap nothing --shared --set A=1", 404, 'configmaps "nothing" not found'),
    ("configmap nothing --system --set A=1", 404, 'configmaps "nothing" not found'),
    ("configmap nothing -p nowhere --set A=1", 404, '"nowhere" not found'),
    ("generic-credentials nothing --set A=1", 404, 'secrets "nothing" not found'),
    ("generic-credentials git --set A=1", 409, "cred-type"),
    ("repo-credentials nothing --username a", 404, 'secrets "nothing" not found'),
    ("repo-credentials mixed --username a", 409, "cred-type"),
    ("repo-credentials git --type svn", 400, "type"),
    ("freight --name nothing --new-alias new", 404, "not found"),
    ("freight --old-alias nothing --new-alias new", 404, "not found"),
    ("freight --old-alias brave-bear-0 --new-alias brave-bear-1", 409, "alias"),
    ("freight --old-alias brave-bear-0 --new-alias 'no good'", 422, "alias"),
]


@pytest.mark.parametrize(("command", "status", "words"), REFUSED, ids=[it[0] for it in REFUSED])
def test_what_cannot_be_changed_is_refused_in_words(
    kargo: Kargo, command: str, status: int, words: str
) -> None:
    kargo.run("create generic-credentials mixed --set A=1")

    outcome = kargo.run(f"update {command}")

    (error,) = outcome.errors
    assert error.startswith(f"{status} ")
    assert words in error.replace('\\"', '"')
    assert outcome.lines == []


def test_whoever_may_only_look_changes_nothing(site: Site, kargo: Kargo) -> None:
    _make(kargo, "configmap guarded --set A=1")
    bob = Kargo(site.session("bob"), "demo")

    (error,) = bob.run("update configmap guarded --set A=2").errors

    assert error.startswith('403 Forbidden: {"error":"configmaps \\"guarded\\" is forbidden: patch')


def test_an_older_command_line_changes_as_well(site: Site, kargo: Kargo) -> None:
    _make(kargo, "configmap older --set A=1")
    _make(kargo, "repo-credentials older --git --repo-url x --username a --password p")
    old = Kargo(OldSession(site.address, site.tokens["admin"]), "demo")

    assert _after(old, "configmap older --set A=2")["data"] == {"A": "2"}
    assert _after(old, "repo-credentials older --username b")["stringData"]["username"] == "b"
    assert old.run("update freight --old-alias brave-bear-2 --new-alias bold-bear").errors == []
