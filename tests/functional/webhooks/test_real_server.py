"""The whole way: a push to a real origin, a signed delivery to a real server, and Freight."""

import http.client
import json
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path

import pytest
from pytest_django import Settings

from common.jsontypes import JSONObject
from promotions.engine.webhooks.receivers import LARGEST_BODY
from promotions.models import Freight
from tests.factories.domain import make_project
from tests.fakes.git_http_server import serving as serving_git
from tests.fakes.git_origin import Origin
from tests.functional.api.wire import Server, serving
from tests.functional.domain.conftest import build
from tests.functional.webhooks.hooks import PUSH, Hooks, push
from tests.unit.engine.webhooks.samples import proof

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with serving(KARGO_WEBHOOK_BURST="20", KARGO_WEBHOOKS_PER_SECOND="0.1") as running:
        yield running


def _post(
    server: Server, path: str, body: bytes, headers: Mapping[str, str], *, is_chunked: bool = False
) -> tuple[int, JSONObject, Message]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        chunks = [body[at : at + 65536] for at in range(0, len(body), 65536)]
        sent = iter(chunks) if is_chunked else body
        connection.request("POST", path, sent, dict(headers), encode_chunked=is_chunked)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers
    finally:
        connection.close()


def _signed(payload: JSONObject) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(payload).encode()
    return body, {**PUSH, **proof("github", body)}


def test_a_push_becomes_freight_without_waiting_for_the_interval(
    server: Server, operator: Settings, tmp_path: Path
) -> None:
    world = build(operator, project=make_project())
    hooks = Hooks(world.project)
    path = hooks.receiver("github")
    origin = Origin.create(tmp_path / "shop.git")
    with serving_git(tmp_path) as git:
        url = f"{git.url}/shop.git"
        hooks.warehouse("main", {"git": {"repoURL": url, "branch": "main"}})
        world.settle()
        pushed = origin.commit({"values.yaml": "tag: v2\n"}, "Use v2")
        assert world.settle() == 0

        status, answer, _ = _post(server, path, *_signed(push(url, "refs/heads/main")))
        world.settle()

    assert (status, answer) == (200, {"msg": "refreshed 1 warehouse(s)"})
    newest = Freight.objects.latest("discovered_at")
    assert newest.artifacts.get().version == pushed
    assert Freight.objects.count() == 2


def test_a_real_server_bounds_bodies_and_floods(server: Server) -> None:
    path = Hooks(make_project()).receiver("github")
    body = b" " * (LARGEST_BODY + 1)

    statuses = [
        _post(server, path, body, PUSH)[0],
        _post(server, path, body, {**PUSH, "Transfer-Encoding": "chunked"}, is_chunked=True)[0],
    ]
    flood = [_post(server, path, *_signed(push())) for _ in range(20)]

    assert statuses == [413, 413]
    assert [it[0] for it in flood] == [200] * 18 + [429] * 2
    assert int(flood[-1][2]["retry-after"]) > 0
    assert _post(server, "/webhooks/github/no", b"{}", {})[:2] == (404, {"error": "not found"})
