"""What is another tenant's answers as what is nowhere: in body, status, headers and queries."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.functional.access.doors import Door, doors
from tests.functional.access.rows import ROWS
from tests.functional.hostile_api.arena import Arena, knock, row_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

DOORS = [it for it in doors() if it.is_tenants and str(it) in ROWS]
IN_PROJECTS = [it for it in DOORS if "<str:project>" in it.route]
NAMED = [
    it for it in IN_PROJECTS if re.search(r"<(?!str:project)", it.route.partition("project>")[2])
]
"""Doors to one thing of a project."""

_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """All that somebody gets to see, and what the database was asked meanwhile."""

    status: int
    headers: dict[str, str]
    body: str
    queries: list[str]


@pytest.mark.parametrize("door", DOORS, ids=str)
def test_a_foreign_tenant_answers_as_one_that_is_nowhere(arena: Arena, door: Door) -> None:
    names = {**arena.grounds.names, **row_of(door).names}

    there = answer(arena.outsider_at(door), door, names, tenant="acme")
    nowhere = answer(arena.outsider_at(door), door, names, tenant="acne")

    assert there == nowhere


@pytest.mark.parametrize("door", IN_PROJECTS, ids=str)
def test_a_foreign_project_answers_as_one_that_is_nowhere(arena: Arena, door: Door) -> None:
    names = {**arena.grounds.names, **row_of(door).names}

    there = answer(arena.outsider_at(door), door, names, tenant="acme")
    nowhere = answer(arena.outsider_at(door), door, {**names, "project": "dime"}, tenant="acme")

    assert there == nowhere


@pytest.mark.parametrize("door", NAMED, ids=str)
def test_a_thing_of_a_project_one_is_not_in_answers_as_one_that_is_nowhere(
    arena: Arena, door: Door
) -> None:
    """That is another project of one's own tenant: the project is no secret, what it has is."""
    names = {**arena.grounds.names, **row_of(door).names}
    missing = {key: _other(value) for key, value in names.items() if key != "project"}
    typed = frozenset({*names.values(), *missing.values()})

    there = answer(arena.neighbour_at(door), door, names, tenant="acme", typed=typed)
    nowhere = answer(
        arena.neighbour_at(door), door, {**names, **missing}, tenant="acme", typed=typed
    )

    assert (there.status, there.headers, there.body) == (
        nowhere.status,
        nowhere.headers,
        nowhere.body,
    )
    assert there.status in {403, 404, 422}


def answer(
    client: Client,
    door: Door,
    names: dict[str, str],
    *,
    tenant: str,
    typed: frozenset[str] = frozenset(),
) -> Answer:
    path = door.path(names, tenant=tenant)
    with CaptureQueriesContext(connection) as queries:
        found: Any = knock(client, door, path, names=names)
    body = "" if found.streaming else found.content.decode()
    headers = {key: value for key, value in found.headers.items() if key != "Set-Cookie"}
    typed = typed | {*names.values(), tenant}
    return Answer(
        found.status_code,
        {key: _without(value, typed) for key, value in headers.items()},
        _without(_without_nonce(body), typed),
        [
            _LITERAL.sub("?", it["sql"])
            for it in queries.captured_queries
            if "SAVEPOINT" not in it["sql"]
        ],
    )


def _other(name: str) -> str:
    """Return a name as long as another, that nothing has."""
    if re.fullmatch(r"\d+", name):
        return "9" * max(6, len(name))
    if re.fullmatch(r"[-0-9a-f]{36}", name):
        return "00000000-0000-4000-8000-000000000000"
    return "z" * len(name)


def _without(text: str, typed: frozenset[str]) -> str:
    """Return a text without what the caller has typed."""
    for word in sorted(typed, key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(word)}\b", "…", text)
    return text


def _without_nonce(text: str) -> str:
    return re.sub(r"""(csrfmiddlewaretoken["'] value=)["'][^"']+["']""", "", text)
