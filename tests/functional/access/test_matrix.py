"""Every route, asked by everybody: who gets in is what the table says, and nobody else does."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import transaction

from tests.functional.access.doors import Door, doors
from tests.functional.access.grounds import World
from tests.functional.access.people import Who
from tests.functional.access.rows import ROWS, Row

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DOORS = doors()


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    known, there = set(ROWS), {str(door) for door in DOORS}

    assert sorted(there - known) == [], "say in rows.py who may come in here"
    assert sorted(known - there) == [], "rows.py has rows of routes that are gone"


@pytest.mark.parametrize("door", [it for it in DOORS if str(it) in ROWS], ids=str)
def test_those_get_in_who_may(
    world: World, door: Door, django_db_blocker: Any, settings: Any
) -> None:
    settings.PREVIEW_WAIT_SECONDS = 0
    row = ROWS[str(door)]

    with django_db_blocker.unblock():
        found = {who: knock(world, door, row, who) for who in Who}

    wrong = {str(who): (it, row.answer(who)) for who, it in found.items() if it != row.answer(who)}
    assert wrong == {}, "each is (what became of them, what should have)"


def knock(world: World, door: Door, row: Row, who: Who) -> str:
    """Return what becomes of somebody: ``in``, ``forbidden``, ``missing`` or ``sign in``."""
    clients = world.callers.programs if door.is_api else world.callers.pages
    path = door.path({**world.grounds.names, **row.names}, tenant=world.grounds.tenant.name)
    is_watch = door.method == "WATCH"
    send = getattr(clients[who], "get" if is_watch else door.method.lower())
    query = "?watch=true" if is_watch else row.query
    given = _given(row, world.grounds.names)
    with transaction.atomic():
        answer = send(f"{path}{query}", **given)
        transaction.set_rollback(True)
    assert answer.status_code < 500 or answer.status_code == 501, (who, answer.content[:500])
    if answer.status_code == 401 or "/accounts/login/" in answer.headers.get("Location", ""):
        return "sign in"
    if answer.status_code == 403:
        return "forbidden"
    return "missing" if answer.status_code == 404 else "in"


def _given(row: Row, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what is sent, with names in it."""
    if row.body is not None:
        text = json.dumps(row.body).replace("$freight", names["freight"])
        return {"data": text, "content_type": "application/json"}
    form = row.form or {}
    filled = {key: value.replace("$freight", names["freight"]) for key, value in form.items()}
    return {"data": filled} if row.form is not None else {}
