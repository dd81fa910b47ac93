"""The fake's event streams: both transports, and what goes wrong with them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.fakes.argocd import Settings, application, argocd, bearer
from tests.fakes.argocd.kubernetes.watch import expired
from tests.fakes.argocd.rest.stream import error_chunk
from tests.fakes.argocd.site import Site

DEGRADED = {"status": {"health": {"status": "Degraded"}}}
SSE = {"Accept": "text/event-stream"}


@pytest.fixture
def site() -> Iterator[Site]:
    with argocd(
        apps=[application("a"), application("a", namespace="team"), application("b")],
        settings=Settings(namespaces=("team",)),
    ) as site:
        yield site


@contextmanager
def _lines(
    site: Site, transport: str, *, headers: dict[str, str] | None = None, **params: Any
) -> Iterator[Iterator[str]]:
    if transport == "rest":
        url, token = f"{site.rest_url}/api/v1/stream/applications", site.token
    else:
        url = f"{site.kubernetes_url}/apis/argoproj.io/v1alpha1/applications"
        token, params = site.kubernetes_token, {"watch": "true", **params}
    sent = {**bearer(token), **(headers or {})}
    with (
        httpx.Client(timeout=2) as client,
        client.stream("GET", url, params=params, headers=sent) as response,
    ):
        assert response.status_code == 200
        yield (line for line in response.iter_lines() if line)


def _event(line: str) -> tuple[str, str, str]:
    found = json.loads(line.removeprefix("data: "))
    inner = found.get("result", found)
    meta = (inner.get("application") or inner["object"])["metadata"]
    return inner["type"], meta.get("namespace", ""), meta.get("name", "")


def test_a_stream_begins_with_all_that_is_there(site: Site) -> None:
    with _lines(site, "rest") as lines:
        begun = [_event(next(lines)) for _ in range(3)]
        site.set("b", DEGRADED)
        news = _event(next(lines))

    assert begun == [("ADDED", "argocd", "a"), ("ADDED", "argocd", "b"), ("ADDED", "team", "a")]
    assert news == ("MODIFIED", "argocd", "b")


@pytest.mark.parametrize("headers", [{}, SSE], ids=["ndjson", "sse"])
def test_a_stream_from_a_version_looks_like_a_hang_until_something_happens(
    site: Site, headers: dict[str, str]
) -> None:
    site.set("b", DEGRADED)
    version = str(site.store.version)

    with pytest.raises(httpx.ReadTimeout), httpx.Client(timeout=0.2) as client:
        client.get(
            f"{site.rest_url}/api/v1/stream/applications",
            params={"resourceVersion": version},
            headers={**bearer(site.token), **headers},
        )


def test_server_sent_events_come_with_keepalives_once_something_came(site: Site) -> None:
    with _lines(site, "rest", headers=SSE) as lines:
        begun = [next(lines) for _ in range(3)]
        site.clock.advance(15)
        keepalive = next(lines)
        site.set("b", DEGRADED)
        data = next(lines)

    assert all(it.startswith("data: {") for it in begun)
    assert keepalive == ":"
    assert _event(data) == ("MODIFIED", "argocd", "b")


def test_a_stream_is_narrowed_to_a_namespace_only_with_a_name(site: Site) -> None:
    with _lines(site, "rest", appNamespace="team") as lines:
        assert len([next(lines) for _ in range(3)]) == 3
    with _lines(site, "rest", appNamespace="team", name="a") as lines:
        first = _event(next(lines))

    assert first == ("ADDED", "team", "a")


@pytest.mark.parametrize(("fields", "shown"), [("result.type", {}), ("error", None)])
def test_fields_cut_the_error_of_a_stream_out_unless_it_is_one_of_them(
    site: Site, fields: str, shown: dict[str, str] | None
) -> None:
    with _lines(site, "rest", headers=SSE, fields=fields) as lines:
        next(lines)
        site.streams.close_all(error_chunk("gone"))
        *_, last = lines

    found = json.loads(last.removeprefix("data: "))
    assert found == shown or found["error"]["message"] == "gone"


def test_what_is_wrong_from_the_start_comes_as_the_first_and_only_message(site: Site) -> None:
    url = f"{site.rest_url}/api/v1/stream/applications"
    with httpx.Client() as client:
        nobody = client.get(url)
        nonsense = client.get(url, params={"selector": "a=b=c"}, headers=bearer(site.token))

    assert (nobody.status_code, nobody.json()["error"]["grpc_code"]) == (401, 16)
    assert (nonsense.status_code, nonsense.json()["error"]["grpc_code"]) == (500, 2)


def test_a_repeat_is_judged_by_name_alone_so_that_namesakes_hide_each_other(site: Site) -> None:
    fields = "result.type,result.application.metadata.name"
    with _lines(site, "rest", fields=fields) as lines:
        begun = [next(lines) for _ in range(2)]
        site.set("a", DEGRADED, namespace="team")
        site.set("b", DEGRADED)
        news = [next(lines) for _ in range(2)]

    assert [json.loads(it)["result"]["application"]["metadata"]["name"] for it in begun] == [
        "a",
        "b",
    ]
    assert [json.loads(it)["result"]["type"] for it in news] == ["MODIFIED", "MODIFIED"]


def test_a_rest_stream_breaks_off_with_an_error(site: Site) -> None:
    with _lines(site, "rest") as lines:
        for _ in range(3):
            next(lines)
        site.streams.close_all(error_chunk("connection to the informer lost"))
        last = json.loads(next(lines))
        rest = list(lines)

    assert last["error"]["message"] == "connection to the informer lost"
    assert rest == []


def test_a_watch_goes_on_from_a_version(site: Site) -> None:
    version = str(site.store.version)
    site.set("b", DEGRADED)

    with _lines(site, "kubernetes", resourceVersion=version) as lines:
        first = _event(next(lines))

    assert first == ("MODIFIED", "argocd", "b")


def test_a_watch_by_labels_sees_what_leaves_its_selection_go(site: Site) -> None:
    site.set("b", {"metadata": {"labels": {"x": "y"}}})
    version = str(site.store.version)

    with _lines(site, "kubernetes", resourceVersion=version, labelSelector="x=y") as lines:
        site.set("b", {"metadata": {"labels": None}})
        site.set("a", DEGRADED)
        first = _event(next(lines))

    assert first == ("DELETED", "argocd", "b")


def test_a_watch_has_bookmarks_and_an_end(site: Site) -> None:
    version = str(site.store.version)
    options: dict[str, Any] = {"allowWatchBookmarks": "true", "timeoutSeconds": "290"}
    with _lines(site, "kubernetes", resourceVersion=version, **options) as lines:
        site.clock.advance(60)
        bookmark = json.loads(next(lines))
        site.clock.advance(230)
        rest = [json.loads(line)["type"] for line in lines]

    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"] == {"resourceVersion": version}
    assert set(rest) <= {"BOOKMARK"}


def test_a_watch_from_a_forgotten_version_comes_too_late(site: Site) -> None:
    version = str(site.store.version)
    site.set("b", DEGRADED)
    site.store.compact()

    with _lines(site, "kubernetes", resourceVersion=version) as lines:
        events = [json.loads(line) for line in lines]

    assert [(it["type"], it["object"]["code"]) for it in events] == [("ERROR", 410)]


def test_a_watch_can_expire_midway(site: Site) -> None:
    with _lines(site, "kubernetes", resourceVersion=str(site.store.version)) as lines:
        site.streams.close_all(expired())
        events = [json.loads(line) for line in lines]

    assert events[0]["object"]["reason"] == "Expired"


@pytest.mark.parametrize("transport", ["rest", "kubernetes"])
def test_events_can_be_lost(site: Site, transport: str) -> None:
    params: dict[str, Any] = {"resourceVersion": str(site.store.version)}
    if transport == "rest":
        params = {}
    with _lines(site, transport, headers=SSE, **params) as lines:
        site.streams.dropped = 1
        site.set("a", DEGRADED)
        site.set("b", DEGRADED)
        first = next(it for it in map(_event, lines) if it[0] == "MODIFIED")

    assert first == ("MODIFIED", "argocd", "b")


@pytest.mark.parametrize("transport", ["rest", "kubernetes"])
def test_a_stream_can_fall_silent_without_an_end(site: Site, transport: str) -> None:
    site.streams.is_silent = True
    sent = bearer(site.token if transport == "rest" else site.kubernetes_token)
    url = (
        f"{site.rest_url}/api/v1/stream/applications"
        if transport == "rest"
        else f"{site.kubernetes_url}/apis/argoproj.io/v1alpha1/applications"
    )
    params = {"watch": "true"}
    if transport == "kubernetes":
        params["resourceVersion"] = str(site.store.version)

    with (
        httpx.Client(timeout=0.2) as client,
        client.stream("GET", url, params=params, headers={**sent, **SSE}) as response,
    ):
        site.set("a", DEGRADED)
        site.clock.advance(100)
        with pytest.raises(httpx.ReadTimeout):
            list(response.iter_lines())
