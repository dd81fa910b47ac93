"""A request whose worker dies is sent again, as it was: once for each attempt."""

import pytest

from common.jsontypes import JSONValue
from tests.fakes.scm_server import Reply, Request, serving_api
from tests.functional.domain.people import step
from tests.functional.kills.fate import Fate
from tests.functional.kills.mortal import Moment
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]


def test_http(fate: Fate) -> None:
    taken: list[Request] = []

    def take(request: Request) -> Reply:
        taken.append(request)
        return Reply(201, {"number": len(taken)})

    headers: JSONValue = [{"name": "Idempotency-Key", "value": "${{ ctx.promotion }}-order"}]
    with serving_api(take) as server, fate.watching(server.url, Effect("POST", "/orders")) as proxy:
        order = step(
            "http", "order", method="POST", url=f"{proxy.url}/orders", headers=headers, body="v2"
        )
        promotion = fate.promoted(order)

    assert promotion.phase == "Succeeded", promotion.message
    assert len(taken) == (1 if fate.moment is Moment.BEFORE else 2)
    keys = {it.header("Idempotency-Key") for it in taken}
    assert keys == {f"{promotion.name}-order"}
    assert {it.content for it in taken} == {b"v2"}
