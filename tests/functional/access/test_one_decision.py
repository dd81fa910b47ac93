"""The same act by another door is decided alike: for everybody, and in the same words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.db import transaction

from tests.functional.access.grounds import World
from tests.functional.access.people import NOBODY, Who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PEOPLE = tuple(who for who in Who if who not in NOBODY)
API, PAGES = "/t/acme/v1beta1", "/t/acme"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: ``done``, ``forbidden``, ``missing`` or ``refused``, and what was said."""

    outcome: str
    words: str = ""


Door = Callable[[World, Who], Answer]


def rest(method: str, path: str, body: Any = None, *, base: str = f"{API}/projects/demo") -> Door:
    """Return the door of a REST operation; ``$names`` in path and body are filled in."""

    def knock(world: World, who: Who) -> Answer:
        client = world.callers.programs[who]
        data = _filled(json.dumps(body), world) if body is not None else None
        send = getattr(client, method)
        given = {"data": data, "content_type": "application/json"} if data is not None else {}
        return _api_answer(send(_filled(base + path, world), **given))

    return knock


def manifest(method: str, kind: str, name: str, **parts: Any) -> Door:
    """Return the door of a manifest, sent to ``/resources``."""
    group = parts.pop("group", "kargo.akuity.io/v1alpha1")
    metadata = {"name": name, **({} if kind == "Project" else {"namespace": "demo"})}
    body = {"apiVersion": group, "kind": kind, "metadata": metadata, **parts}
    return rest(method, "/resources" + ("?upsert=true" if method == "put" else ""), body, base=API)


def page(path: str, **form: str) -> Door:
    """Return the door of a form of the portal."""

    def knock(world: World, who: Who) -> Answer:
        filled = {key: _filled(value, world) for key, value in form.items()}
        client = world.callers.pages[who]
        client.cookies.pop("messages", None)  # what was said to the one before
        answer = client.post(_filled(PAGES + path, world), filled)
        if answer.status_code in _REFUSALS:
            return Answer(_REFUSALS[answer.status_code])
        said = list(get_messages(answer.wsgi_request))
        wrong = [str(it) for it in said if it.level_tag == "error"]
        return Answer("refused", " ".join(wrong)) if wrong else Answer("done")

    return knock


_REFUSALS = {403: "forbidden", 404: "missing"}
_CONFIG_MAP = {"name": "new", "data": {"a": "b"}}

ACTS: Mapping[str, Mapping[str, Door]] = {
    "promote": {
        "REST": rest("post", "/stages/$stage/promotions", {"freight": "$freight"}),
        "manifest": manifest(
            "post", "Promotion", "by-hand", spec={"stage": "$stage", "freight": "$freight"}
        ),
        "apply": manifest(
            "put", "Promotion", "by-hand", spec={"stage": "$stage", "freight": "$freight"}
        ),
        "portal": page("/projects/demo/stages/$stage/promotions", freight="$freight"),
    },
    "promote what is not available": {
        "REST": rest("post", "/stages/prod/promotions", {"freight": "$freight"}),
        "manifest": manifest(
            "post", "Promotion", "by-hand", spec={"stage": "prod", "freight": "$freight"}
        ),
        "portal": page("/projects/demo/stages/prod/promotions", freight="$freight"),
    },
    "approve": {
        "REST": rest("post", "/freight/$freight/approve?stage=prod"),
        "portal": page("/projects/demo/freight/$freight/approve", stage="prod"),
    },
    "abort": {
        "REST": rest("post", "/promotions/$promotion/abort"),
        "portal": page("/projects/demo/promotions/$promotion/abort"),
    },
    "refresh a stage": {
        "REST": rest("post", "/stages/$stage/refresh"),
        "portal": page("/projects/demo/stages/$stage/refresh"),
    },
    "refresh a warehouse": {
        "REST": rest("post", "/warehouses/$warehouse/refresh"),
        "portal": page("/projects/demo/warehouses/$warehouse/refresh"),
    },
    "delete a stage": {
        "REST": rest("delete", "/stages/through"),
        "manifest": manifest("delete", "Stage", "through"),
    },
    "delete freight that is in use": {
        "REST": rest("delete", "/freight/$held"),
        "manifest": manifest("delete", "Freight", "$held"),
    },
    "delete the project": {
        "REST": rest("delete", ""),
        "manifest": manifest("delete", "Project", "demo"),
    },
    "write a config map": {
        "REST": rest("post", "/configmaps", _CONFIG_MAP),
        "manifest": manifest("post", "ConfigMap", "new", group="v1", data={"a": "b"}),
        "apply": manifest("put", "ConfigMap", "new", group="v1", data={"a": "b"}),
    },
    "write a secret": {
        "REST": rest("post", "/generic-credentials", _CONFIG_MAP),
        "manifest": manifest("post", "Secret", "new", group="v1", stringData={"a": "b"}),
        "apply": manifest("put", "Secret", "new", group="v1", stringData={"a": "b"}),
    },
    "make a role": {
        "REST": rest("post", "/roles", {"metadata": {"name": "new"}, "rules": []}),
        "manifest": manifest("post", "ServiceAccount", "new", group="v1"),
    },
    "give somebody a role": {
        "REST": rest(
            "post",
            "/projects/demo/members",
            {"username": "bob", "role": "kargo-promoter"},
            base="/t/acme/api/v1",
        ),
        "portal": page("/projects/demo/members/grant", username="bob", role="kargo-promoter"),
    },
    "give somebody a role of which nobody has heard": {
        "REST": rest(
            "post",
            "/projects/demo/members",
            {"username": "bob", "role": "nothing"},
            base="/t/acme/api/v1",
        ),
        "portal": page("/projects/demo/members/grant", username="bob", role="nothing"),
    },
}


@pytest.mark.parametrize("act", ACTS)
def test_all_doors_decide_alike(world: World, act: str, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        outcomes = {
            str(who): {door: attempt(world, who, knock).outcome for door, knock in doors.items()}
            for who in PEOPLE
            for doors in (ACTS[act],)
        }

    apart = {who: found for who, found in outcomes.items() if len(set(found.values())) > 1}
    assert apart == {}
    assert "missing" not in outcomes[str(Who.OPERATOR)].values(), "the act itself does not exist"


def test_a_refusal_has_the_same_words_at_every_door(world: World, django_db_blocker: Any) -> None:
    doors = dict(ACTS["promote what is not available"])

    with django_db_blocker.unblock():
        words = {name: attempt(world, Who.ADMIN, knock).words for name, knock in doors.items()}
        words["command"] = command_words(world)

    assert len(set(words.values())) == 1, words
    assert "not available" in words["REST"]


def attempt(world: World, who: Who, knock: Door) -> Answer:
    """Return what comes of an act, and undo it."""
    with transaction.atomic():
        answer = knock(world, who)
        transaction.set_rollback(True)
    return answer


def command_words(world: World) -> str:
    """Return what the command line says of a promotion that is not available."""
    names = world.grounds.names
    arguments = ("promote", "demo", "prod", names["freight"])
    try:
        call_command(*arguments, tenant="acme", dry_run=True)
    except CommandError as error:
        return str(error)
    return ""


def _api_answer(answer: Any) -> Answer:
    if answer.status_code < 400:
        return Answer("done")
    words = answer.json().get("error", "")
    return Answer(_REFUSALS.get(answer.status_code, "refused"), words)


def _filled(text: str, world: World) -> str:
    for name, value in world.grounds.names.items():
        text = text.replace(f"${name}", value)
    return text
