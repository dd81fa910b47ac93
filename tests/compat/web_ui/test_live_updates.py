"""Kargo's web UI: pages that change by themselves, over real connections to a real server.

The page opens its streams with nothing but its token, reads them piece by piece, and takes of each
event the first line of data.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from projects.models import Change
from promotions.models import Stage
from tests.compat.web_ui.conftest import token_of
from tests.factories.people import make_operator
from tests.factories.rich import Rich, make_rich
from tests.functional.api.event_streams import touch
from tests.functional.api.wire import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

P = "/v1beta1/projects/demo"
UI = "https://ui.example.com"


class Stream:
    """A stream as the page reads it; ``closed`` once the server has ended it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._pieces = response.iter_raw()
        self._buffer = ""

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield an event's type, or ``error``, and its object."""
        for piece in self._pieces:
            *parts, self._buffer = (self._buffer + piece.decode()).split("\n\n")
            for part in parts:
                lines = part.split("\n")
                data = next((it for it in lines if it.startswith("data: ")), None)
                if data is None:
                    continue
                parsed = json.loads(data.removeprefix("data: "))
                if any(it.startswith("event: error") for it in lines):
                    yield "error", parsed
                else:
                    yield parsed["type"], parsed["object"]

    def first(self) -> tuple[str, Any]:
        return next(iter(self))


class LivePage:
    """A page on a server of its own."""

    def __init__(self, client: httpx.Client, token: str) -> None:
        self._client = client
        self._token = {"Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        """Send what a query or a mutation sends."""
        headers = {**self._token, "Content-Type": "application/json", "Origin": UI}
        return self._client.request(method, path, headers=headers, **parts)

    def listed(self, noun: str, **query: str) -> dict[str, Any]:
        """Return a list."""
        found: dict[str, Any] = self.send("GET", f"{P}/{noun}", params=query).json()
        return found

    @contextmanager
    def stream(self, path: str, **query: str) -> Iterator[Stream]:
        """Open a stream."""
        asked = {"watch": "true", **{key: it for key, it in query.items() if it}}
        headers = {**self._token, "Origin": UI}
        with self._client.stream("GET", path, params=asked, headers=headers) as response:
            yield Stream(response)


@pytest.fixture
def rich(transactional_db: None) -> Rich:
    return make_rich()


@pytest.fixture
def live(rich: Rich) -> Iterator[LivePage]:
    token = token_of(make_operator("admin"))
    with serving(KARGO_CORS_ALLOWED_ORIGINS=UI) as server:
        address = f"http://127.0.0.1:{server.port}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            yield LivePage(client, token)


def test_a_project_page_follows_its_lists_and_hears_no_word_twice(
    live: LivePage, rich: Rich
) -> None:
    seeds = {noun: live.listed(noun)["metadata"]["resourceVersion"] for noun in _LISTS}
    seeds["freight"] = live.listed("freight")["resourceVersion"]

    with (
        live.stream(f"{P}/stages", resourceVersion=seeds["stages"]) as stages,
        live.stream(f"{P}/warehouses", resourceVersion=seeds["warehouses"]) as warehouses,
        live.stream(f"{P}/freight", resourceVersion=seeds["freight"]) as freight,
        live.stream(
            f"{P}/promotions", stage="test", resourceVersion=seeds["promotions"]
        ) as promotions,
        live.stream(f"{P}/promotions/{rich.waiting.name}") as promotion,
    ):
        assert live.send("POST", f"{P}/stages/test/refresh").text == ""
        assert live.send("POST", f"{P}/warehouses/main/refresh").text == ""
        renamed = f"{P}/freight/{rich.spare.name}/alias"
        assert live.send("PATCH", renamed, params={"newAlias": "calm-cat"}).text == ""
        assert live.send("POST", f"{P}/promotions/{rich.waiting.name}/abort").text == ""

        heard = [it.first() for it in (stages, warehouses, freight, promotions, promotion)]
        alone = promotion.first()

    for stream in (stages, warehouses, freight, promotions, promotion):
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream"
        assert "content-encoding" not in stream.response.headers
    assert [(kind, it["metadata"]["name"]) for kind, it in heard] == [
        ("MODIFIED", "test"),
        ("MODIFIED", "main"),
        ("MODIFIED", rich.spare.name),
        ("MODIFIED", rich.waiting.name),
        ("ADDED", rich.waiting.name),
    ]
    assert alone[0] == "MODIFIED"
    for seed, (_, document) in zip(_SEEDED, heard, strict=False):
        assert int(document["metadata"]["resourceVersion"]) > int(seeds[seed])
        assert document["kind"], "an editor that is open keeps it, but need not"
    assert heard[0][1]["metadata"]["annotations"]["kargo.akuity.io/refresh"]
    assert heard[2][1]["alias"] == "calm-cat"


_LISTS = ("stages", "warehouses", "promotions")
_SEEDED = ("stages", "warehouses", "freight", "promotions")


def test_what_is_made_and_deleted_elsewhere_comes_and_goes(live: LivePage, rich: Rich) -> None:
    seed = live.listed("stages", freightOrigins="main")["metadata"]["resourceVersion"]
    stage = live.send("GET", f"{P}/stages/through").json()
    stage["metadata"] = {"name": "another", "namespace": "demo"}

    with live.stream(f"{P}/stages", freightOrigins="main", resourceVersion=seed) as stages:
        made = live.send("POST", "/v1beta1/resources", content=json.dumps(stage))
        added = stages.first()
        gone = live.send("DELETE", f"{P}/stages/another")
        events = iter(stages)
        deleted = next(it for it in events if it[0] == "DELETED")

    assert (made.status_code, gone.status_code) == (201, 204)
    assert (added[0], added[1]["metadata"]["name"]) == ("ADDED", "another")
    assert deleted[1]["metadata"]["name"] == "another"


def test_a_page_that_slept_too_long_is_told_lists_anew_and_goes_on(
    live: LivePage, rich: Rich
) -> None:
    seed = live.listed("stages")["metadata"]["resourceVersion"]
    newest = [touch(rich.test).pk for _ in range(3)][-1]
    Change.objects.filter(pk__lt=newest).delete()

    with live.stream(f"{P}/stages", resourceVersion=seed) as stages:
        told = list(stages)
    again = live.listed("stages")["metadata"]["resourceVersion"]
    with live.stream(f"{P}/stages", resourceVersion=again) as stages:
        touch(Stage.objects.get(pk=rich.test.pk))
        later = stages.first()

    assert [(kind, it["code"]) for kind, it in told] == [("error", "out_of_range")]
    assert later[0] == "MODIFIED"


def test_a_stream_that_is_refused_is_an_answer_and_not_a_stream(live: LivePage, rich: Rich) -> None:
    missing = live.send("GET", f"{P}/promotions/none", params={"watch": "true"})
    stranger = LivePage(live._client, "junk").send("GET", f"{P}/stages", params={"watch": "true"})

    assert (missing.status_code, stranger.status_code) == (404, 401)
    assert list(missing.json()) == list(stranger.json()) == ["error"]


def test_a_page_of_another_origin_reads_answers_and_streams(live: LivePage, rich: Rich) -> None:
    asked = {
        "Origin": UI,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    preflight = live._client.options(f"{P}/freight/any/alias", headers=asked)

    with live.stream(f"{P}/stages") as stages:
        stages.first()

    assert (preflight.status_code, preflight.content) == (204, b"")
    for response in (preflight, stages.response, live.send("GET", P)):
        assert response.headers["access-control-allow-origin"] == UI
        assert "access-control-allow-credentials" not in response.headers
