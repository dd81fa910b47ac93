"""Repositories of Helm charts: classic ones over HTTP, good and bad, and OCI registries."""

import base64
from collections.abc import Iterator, Sequence

import pytest

from common.egress import EgressPolicy
from common.errors import NotFoundError, PlatformError, UpstreamError
from promotions.gateways.charts import repositories
from promotions.gateways.charts.repositories import HelmRepositories
from promotions.gateways.oci.cache import LastUsed
from promotions.gateways.oci.connection import Connections, Settings
from promotions.gateways.oci.limits import HostLimiter
from promotions.gateways.oci.registry import OciRegistry
from promotions.ports.charts import ChartRepositories, ChartRepository
from promotions.ports.credentials import Credential
from tests.fakes.oci_registry import (
    PASSWORD,
    USER,
    Answer,
    Asked,
    Registry,
    running_registry,
    scripted_server,
)
from tests.fakes.raw_server import raw_server

LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
INDEX = b"""\
apiVersion: v1
entries:
  web:
  - apiVersion: v2
    dependencies:
    - {name: common, version: 9.9.9}
    description: |
      version: 8.8.8
    name: web
    version: 1.2.0
  - {name: web, version: "1.10.0", annotations: {version: 7.7.7}}
  - name: web
    version: 1.0
  'quoted-name':
    - version: 3.0.0
  empty: []
  none:
generated: "2026-01-01T00:00:00Z"
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("charts"), with_auth=True) as running:
        yield running


def gateway(*hosts: str, limiter: HostLimiter | None = None) -> ChartRepositories:
    settings = Settings(LOOPBACK, frozenset(hosts), timeout_seconds=5)
    connections = Connections(settings, limiter=limiter)
    return HelmRepositories(connections, OciRegistry(connections))


# ---------------------------------------------------------------- over HTTP
def test_the_index_lies_below_the_address() -> None:
    with scripted_server(lambda _: Answer(body=INDEX)) as server:
        for url in (f"http://{server.host}/charts", f"http://{server.host}/charts/"):
            found = gateway().versions(ChartRepository(url, "web"))
            assert found == ("1.2.0", "1.10.0", "1.0")
        assert gateway().versions(ChartRepository(url, "missing")) == ()

    assert {it.path for it in server.asked} == {"/charts/index.yaml"}
    assert all("authorization" not in it.headers for it in server.asked)


def test_a_credential_is_shown_and_not_to_another_host() -> None:
    with scripted_server(lambda _: Answer(body=INDEX)) as other:
        moved = Answer(302, headers={"Location": f"http://{other.host}/index.yaml"})
        with scripted_server(lambda _: moved) as server:
            repository = ChartRepository(f"http://{server.host}", "web", Credential("bob", "pw"))
            assert gateway().versions(repository)

    shown = server.asked[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(shown) == b"bob:pw"
    assert "authorization" not in other.asked[0].headers
    assert "pw" not in repr(repository)


def test_an_index_that_has_not_changed_is_not_sent_again() -> None:
    def script(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"1"':
            return Answer(304, b"")
        headers = {"ETag": '"1"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return Answer(200, INDEX, headers)

    with scripted_server(script) as server:
        asked = gateway()
        url = f"http://{server.host}"
        first = asked.versions(ChartRepository(url, "web"))
        second = asked.versions(ChartRepository(url, "web"))
        other = asked.versions(ChartRepository(url, "quoted-name"))
        stranger = asked.versions(ChartRepository(url, "web", Credential("eve", "x")))

    assert first == second == stranger
    assert other == ("3.0.0",)
    conditions = [it.headers.get("if-none-match") for it in server.asked]
    assert conditions == [None, '"1"', '"1"', None]
    assert server.asked[1].headers["if-modified-since"] == "Thu, 01 Jan 2026 00:00:00 GMT"


def test_an_index_that_has_changed_replaces_the_one_that_was_kept() -> None:
    answers = iter([b"entries: {web: [{version: 1.0.0}]}", b"entries: {web: [{version: 2.0.0}]}"])

    with scripted_server(lambda _: Answer(200, next(answers), {"ETag": "x"})) as server:
        asked = gateway()
        repository = ChartRepository(f"http://{server.host}", "web")
        found = [asked.versions(repository), asked.versions(repository)]

    assert found == [("1.0.0",), ("2.0.0",)]


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (Answer(401), "chart_auth", False),
        (Answer(403), "chart_auth", False),
        (Answer(429, headers={"Retry-After": "5"}), "registry_limit", True),
        (Answer(500), "chart_error", True),
        (Answer(204, b""), "chart_error", False),
        (Answer(304, b""), "chart_error", False),
        (Answer(200, b"<html>"), "chart_index", False),
        (Answer(200, b"entries: ["), "chart_index", False),
        (Answer(302, headers={"Location": "http://169.254.169.254/"}), "egress_refused", False),
    ],
)
def test_failures_are_told_apart(answer: Answer, code: str, retryable: bool) -> None:  # noqa: FBT001 - a table
    with (
        scripted_server(lambda _: answer) as server,
        pytest.raises(UpstreamError) as caught,
    ):
        gateway().versions(ChartRepository(f"http://{server.host}/c", "web", Credential("b", "pw")))

    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert "pw" not in caught.value.message


def test_a_repository_that_is_not_there_says_where_it_was_looked_for() -> None:
    with (
        scripted_server(lambda _: Answer(404)) as server,
        pytest.raises(NotFoundError, match=f"http://{server.host}/c/index.yaml"),
    ):
        gateway().versions(ChartRepository(f"http://{server.host}/c", "web"))


def test_an_index_that_is_too_large_or_too_slow_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repositories, "MAX_INDEX_BYTES", 100)
    monkeypatch.setattr(repositories, "TIMEOUT_SECONDS", 0.3)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"

    with (
        scripted_server(lambda _: Answer(body=INDEX)) as server,
        pytest.raises(UpstreamError) as large,
    ):
        gateway().versions(ChartRepository(f"http://{server.host}", "web"))
    with (
        raw_server(head, *[b"a"] * 40, pause_seconds=0.05) as host,
        pytest.raises(UpstreamError) as slow,
    ):
        gateway().versions(ChartRepository(f"http://{host}", "web"))

    assert large.value.code == "response_too_large"
    assert slow.value.code == "upstream_timeout"


def test_one_host_is_not_asked_too_often() -> None:
    waited: list[float] = []
    limiter = HostLimiter(2, clock=lambda: 0.0, sleep=waited.append)

    with scripted_server(lambda _: Answer(body=INDEX)) as server:
        asked = gateway(limiter=limiter)
        for _ in range(4):
            asked.versions(ChartRepository(f"http://{server.host}", "web"))

    assert waited == [0.5, 1.0]


def test_what_is_kept_is_bounded_by_its_weight() -> None:
    kept: LastUsed[str, Sequence[int]] = LastUsed(10, largest_weight=5, weigh=len)

    kept.put("a", [1, 2])
    kept.put("b", [1, 2])
    kept.put("huge", [0] * 6)
    kept.put("c", [1, 2])
    kept.put("c", [1, 2, 3])

    assert [kept.get(key) for key in ("a", "b", "c", "huge")] == [None, [1, 2], [1, 2, 3], None]


# ---------------------------------------------------------------- in OCI registries
def test_the_tags_of_an_oci_repository_are_its_versions(registry: Registry) -> None:
    for version in ("1.0.0", "1.1.0+build", "2.0.0-rc.1"):
        registry.push_chart("charts/web", version)
    repository = ChartRepository(
        f"oci://{registry.host}/charts/web", "", Credential(USER, PASSWORD)
    )

    found = gateway(registry.host).versions(repository)

    assert sorted(found) == ["1.0.0", "1.1.0_build", "2.0.0-rc.1"]


def test_an_emptied_oci_repository_has_no_versions(registry: Registry) -> None:
    digest = registry.push_chart("charts/gone", "1.0.0")
    registry.delete_manifest("charts/gone", digest)
    credential = Credential(USER, PASSWORD)

    empty = gateway(registry.host).versions(
        ChartRepository(f"oci://{registry.host}/charts/gone", "", credential)
    )
    with pytest.raises(NotFoundError):
        gateway(registry.host).versions(
            ChartRepository(f"oci://{registry.host}/charts/never", "", credential)
        )

    assert empty == ()


def test_an_oci_repository_with_passwords_opens_to_the_right_one_only(registry: Registry) -> None:
    registry.push_chart("charts/closed", "1.0.0")
    url = f"oci://{registry.host}/charts/closed"

    for credential in (None, Credential(USER, "wrong")):
        with pytest.raises(UpstreamError, match="refused") as caught:
            gateway(registry.host).versions(ChartRepository(url, "", credential))
        assert "wrong" not in caught.value.message


@pytest.mark.parametrize("url", ["oci://localhost/charts/web", "oci://harbor/web"])
def test_the_first_part_of_an_oci_address_is_a_host_in_any_case(url: str) -> None:
    with pytest.raises(PlatformError) as caught:
        gateway().versions(ChartRepository(url))

    assert "docker" not in caught.value.message
    assert url.split("/")[2] in caught.value.message
