"""Whatever a source answers, each provider makes an error of it that says what was wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.providers.catalogue import KINDS
from tests.fakes.metrics.certificates import loopback_certificate
from tests.fakes.metrics.server import HTML, Answer, MetricServer, Rule, metric_server
from tests.functional.analysis.measuring import AWS, gateway, measure, server

__all__ = ["server"]

SECRET = "very-secret-key"
_SCOPE = {"scope": "app", "region": "r", "step": 60}
_KAYENTA: Any = {
    "application": "app",
    "canaryConfigName": "canary",
    "scopes": [{"name": "default", "controlScope": _SCOPE, "experimentScope": _SCOPE}],
}
PROVIDERS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "web": ({"web": {"url": "$url", "jsonPath": "{$.ok}"}}, {}),
    "prometheus": ({"prometheus": {"address": "$url", "query": "up"}}, {}),
    "datadog v1": ({"datadog": {"query": "q"}}, {"api-key": SECRET, "app-key": SECRET}),
    "datadog v2": (
        {"datadog": {"apiVersion": "v2", "query": "q"}},
        {"api-key": SECRET, "app-key": SECRET},
    ),
    "newRelic": (
        {"newRelic": {"query": "q"}},
        {"personal-api-key": SECRET, "account-id": "1", "base-url-nerdgraph": "$url"},
    ),
    "graphite": ({"graphite": {"address": "$url", "query": "target=a"}}, {}),
    "influxdb": ({"influxdb": {"query": "q"}}, {"org": "o", "authToken": SECRET}),
    "cloudWatch": (
        {"cloudWatch": {"metricDataQueries": []}},
        {**AWS, "secret-access-key": SECRET, "endpoint": "$url"},
    ),
    "skywalking": ({"skywalking": {"address": "$url", "query": "q", "interval": "1m"}}, {}),
    "kayenta": ({"kayenta": {**_KAYENTA, "address": "$url"}}, {}),
}
ANSWERS: dict[str, Rule] = {
    "a page of html": lambda _: HTML,
    "an error": lambda _: Answer(b"the source is broken", 500),
    "a redirect to nowhere": lambda _: Answer(b"", 303, {"Location": "http://127.0.0.1:1/"}),
    "nothing": lambda _: Answer(b"", 204),
    "json that is no object": lambda _: Answer(b'"text"'),
    "json that is too deep": lambda _: Answer(b"[" * 10_000),
    "bytes that are no text": lambda _: Answer(b"\xff\xfe\x00{"),
    "too much": lambda _: Answer(b" " * (1 << 20) + b"{}"),
}


def at(url: str, provider: str, **options: Any) -> Measurement:
    """Measure by a provider whose source is at ``url``."""
    asked, credentials = PROVIDERS[provider]
    ((kind, fields),) = asked.items()
    filled = {key: url if it == "$url" else it for key, it in fields.items()}
    keys = {key: url if it == "$url" else it for key, it in credentials.items()}
    if kind in {"datadog", "influxdb"}:
        keys["address"] = url
    return measure(
        {kind: filled}, success="result[0] > 1", credentials=keys, interval="5m", **options
    )


def test_every_provider_is_here() -> None:
    kinds = {kind for provider, _ in PROVIDERS.values() for kind in provider}

    assert kinds | {"wavefront", "job"} == KINDS


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_bad_answer_is_an_error_in_words(
    server: MetricServer, provider: str, answer: str
) -> None:
    server.rule = ANSWERS[answer]

    found = at(server.url, provider)

    assert found.phase == "Error"
    assert found.message
    assert found.finished_at is not None
    assert SECRET not in str(found)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_source_that_hangs_is_given_up(server: MetricServer, provider: str) -> None:
    server.rule = lambda _: Answer(b"{}", delay=30)

    found = at(server.url, provider, source=gateway(longest_seconds=0.1))

    assert found.phase == "Error"
    assert "did not answer in time" in found.message or "timed out" in found.message


@pytest.fixture(scope="module")
def wavefront(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MetricServer, str]]:
    folder: Path = tmp_path_factory.mktemp("wavefront")
    context, certificate = loopback_certificate(folder)
    with metric_server(tls=context) as running:
        yield running, certificate


@pytest.mark.parametrize("answer", ANSWERS)
def test_wavefront_makes_an_error_of_it_too(
    wavefront: tuple[MetricServer, str], answer: str
) -> None:
    running, certificate = wavefront
    running.rule = ANSWERS[answer]
    address = running.url.removeprefix("https://")

    found = measure(
        {"wavefront": {"address": address, "query": "ts(x)"}},
        success="result > 6",
        credentials={address: SECRET},
        source=gateway(ca_certificates=certificate),
    )

    assert found.phase == "Error"
    assert found.message
    assert SECRET not in str(found)
