"""Whatever is sent to an operation, it answers: in JSON, never with an error of the server."""

import json
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis.core.result import Ok

from kargo_platform.openapi.views import schema
from tests.functional.access.grounds import World
from tests.functional.access.people import Who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

OPERATIONS: dict[str, Any] = {}
for found in schemathesis.openapi.from_dict(schema()).get_all_operations():
    operation: Any = found.ok() if isinstance(found, Ok) else None
    OPERATIONS[operation.label] = operation
NOT_YET = 501
"""What Kargo answers where a feature is off."""
_PLATFORMS = ("/api/v1/tenants", "/api/v1/identity-providers")
"""What no tenant has under its own prefix."""
WHO = (Who.OPERATOR, Who.ADMIN, Who.VIEWER)


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_an_operation_answers_whatever_is_sent(
    world: World, label: str, django_db_blocker: Any, settings: Any
) -> None:
    settings.PREVIEW_WAIT_SECONDS = 0
    grounds, callers = world.grounds, world.callers

    @_few
    @given(
        case=OPERATIONS[label].as_strategy(),
        who=strategies.sampled_from(WHO),
        is_named=strategies.booleans(),
        junk=strategies.sampled_from(["", "{", "[]", "null", '{"a": NaN}', "\x00", "é" * 100]),
    )
    def try_it(case: Any, who: Who, junk: str, *, is_named: bool) -> None:
        known = grounds.names if is_named else {}
        path = _path(case, known)
        path = path if path.startswith(_PLATFORMS) else f"/t/acme{path}"
        body = junk if not isinstance(case.body, str | dict | list) else _text(case.body)
        query = {key: it for key, it in (case.query or {}).items() if isinstance(it, str)}
        with transaction.atomic():
            answer = callers.programs[who].generic(
                case.method,
                path,
                body.encode(errors="replace"),
                content_type=case.media_type or "application/json",
                query_params=query,
            )
            transaction.set_rollback(True)
        _check(answer)

    with django_db_blocker.unblock():
        try_it()


_few = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def _path(case: Any, names: dict[str, str]) -> str:
    """Return the address, with real names in it or with whatever was made up."""
    given_names = {**(case.path_parameters or {}), **names}
    path = case.path
    for name, value in given_names.items():
        path = path.replace("{" + name + "}", str(value))
    return str(path)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _check(answer: Any) -> None:
    assert answer.status_code < 500 or answer.status_code == NOT_YET, answer.content[:1000]
    if answer.streaming or not answer.content:
        return
    assert answer.headers["Content-Type"].startswith(
        ("application/json", "application/x-ndjson", "application/yaml", "text/event-stream")
    )
    assert b"Traceback" not in answer.content
