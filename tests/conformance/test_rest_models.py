"""Every operation of Kargo's REST API is here, and answers what the stock command line accepts.

That is strict: it refuses unknown keys of core kinds at any depth, numbers of more than 32 bits,
and successes under another status. ``KARGO_SWAGGER`` names Kargo's own description.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve
from pytest_django import DjangoDbBlocker

from rbac.rest.routing import handlers_of
from tests.conformance.rest_operations import CALLS, Call
from tests.factories.people import PASSWORD, make_operator
from tests.factories.rich import Rich, make_rich
from tests.functional.api.conftest import client_for

pytestmark = pytest.mark.django_db

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "data"
SWAGGER = Path(os.environ.get("KARGO_SWAGGER", "") or _BESIDE / "kargo-rest-swagger.json")
PENDING: dict[str, re.Pattern[str]] = {}
"""Operations that are still to come, by who makes them: patterns of their paths."""

LARGEST_INTEGER = 2**31 - 1
TIMES = frozenset(
    {
        *("creationTimestamp", "firstTimestamp", "lastTimestamp", "timestamp"),
        *("lastTransitionTime", "startTime", "finishTime", "startedAt", "finishedAt"),
        *("discoveredAt", "verifiedAt", "approvedAt", "createdAt", "buildDate"),
    }
)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
NEWER = frozenset(
    {
        *("subscriptionName", "targets", "target", "promotionWindowStatus"),
        *("currentPromotionRequest", "lastPromotionRequest"),
    }
)
"""Keys that the released command line does not know: there only if somebody set them."""


def _described() -> dict[str, Any]:
    if not SWAGGER.exists():
        return {"paths": {}, "definitions": {}}
    document: dict[str, Any] = json.loads(SWAGGER.read_text())
    return document


DESCRIBED = _described()
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in DESCRIBED["paths"].items()
    for method, operation in methods.items()
}


def _closed(definition: dict[str, Any]) -> dict[str, Any]:
    """Return the definition, closed to unknown keys if it names its own, with bounded numbers."""
    if "properties" not in definition:
        return definition
    properties = {
        key: {**it, "maximum": LARGEST_INTEGER, "minimum": -LARGEST_INTEGER}
        if it.get("type") == "integer"
        else it
        for key, it in definition["properties"].items()
    }
    return {"additionalProperties": False, **definition, "properties": properties}


CLOSED = {name: _closed(it) for name, it in DESCRIBED["definitions"].items()}


def _is_pending(path: str) -> bool:
    return any(pattern.search(path) for pattern in PENDING.values())


ours = pytest.mark.skipif(not OPERATIONS, reason=f"no description of Kargo's API at {SWAGGER}")


@pytest.fixture(scope="module")
def rich(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Rich]:
    """Make it once; each test's own transaction is inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_rich()
        transaction.set_rollback(True)


@pytest.fixture
def operator(rich: Rich, db: None) -> Client:
    return client_for(make_operator("admin"))


@ours
def test_all_operations_are_described() -> None:
    assert len(OPERATIONS) == 119


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_a_route_that_takes_its_method(name: str) -> None:
    method, path, _ = OPERATIONS[name]

    found = resolve(re.sub(r"\{[^}]+\}", "any", path))

    has_route = method in handlers_of(found.func)
    assert has_route != _is_pending(path), "take it out of the table of what is to come"


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_called_below(name: str) -> None:
    assert (name in CALLS) != _is_pending(OPERATIONS[name][1])


@pytest.mark.parametrize("name", [name for name in CALLS if name in OPERATIONS])
def test_an_operation_answers_what_is_described_and_no_key_more(
    name: str, operator: Client, rich: Rich
) -> None:
    call = CALLS[name]

    for earlier in call.before:
        assert _send(operator, earlier, rich).status_code == earlier.status

    response = _send(operator, call, rich)

    assert response.status_code == call.status, response.content
    if call.is_empty:
        assert response.content == b""
        assert "Content-Type" not in response.headers
        return
    assert response["Content-Type"] == "application/json"
    answer = response.json()
    if call.status >= 400:
        assert list(answer) == ["error"]
        return
    _check(answer, _schema_of(name))


def test_items_of_lists_say_what_they_are(operator: Client, rich: Rich) -> None:
    for name, (method, path, _) in OPERATIONS.items():
        if method == "GET" and path.endswith("s") and name in CALLS:
            answer = _send(operator, CALLS[name], rich).json()
            for item in answer.get("items", []) if isinstance(answer, dict) else []:
                assert item["apiVersion"]
                assert item["kind"]


def test_nothing_newer_than_the_released_command_line_is_sent_unasked(
    operator: Client, rich: Rich
) -> None:
    for name in ("ListStages", "ListWarehouses", "ListPromotions", "QueryFreightsRest"):
        answer = _send(operator, CALLS[name], rich).json()
        found = {(key, json.dumps(it)) for key, it in _pairs(answer) if key in NEWER}
        assert found <= {("subscriptionName", '"tickets"')}, name


def _send(client: Client, call: Call, rich: Rich) -> Any:
    names = {
        "{spare}": rich.spare.name,
        "{held}": rich.held.name,
        "{waiting}": rich.waiting.name,
        "{succeeded}": rich.succeeded.name,
    }
    address, payload = call.address, call.payload.decode()
    for placeholder, value in names.items():
        address = address.replace(placeholder, value)
        payload = payload.replace(placeholder, value)
    headers = {"Authorization": f"Bearer {PASSWORD}"} if address.endswith("/login") else {}
    return client.generic(call.method, address, payload, content_type="text/plain", headers=headers)


def _schema_of(name: str) -> dict[str, Any]:
    responses = OPERATIONS[name][2]["responses"]
    schema: dict[str, Any] = responses[str(CALLS[name].status)].get("schema", {})
    return schema


def _check(answer: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft4Validator({**schema, "definitions": CLOSED}).validate(answer)
    for key, value in _pairs(answer):
        if key in TIMES and isinstance(value, str):
            assert RFC_3339.fullmatch(value), (key, value)
        if key == "resourceVersion":
            assert isinstance(value, str)


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, it in value.items():
            yield key, it
            yield from _pairs(it)
    elif isinstance(value, list):
        for it in value:
            yield from _pairs(it)
