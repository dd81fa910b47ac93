"""Sources of metrics that hang, lie, redirect, or are not to be asked at all."""

from pathlib import Path
from typing import Any

import pytest

from common.clock import now
from common.egress import EgressPolicy
from promotions.gateways.metrics.exchange import Exchange
from promotions.gateways.metrics.sources import HttpMetricSources
from tests.fakes.metrics.certificates import loopback_certificate
from tests.fakes.metrics.server import (
    HTML,
    Answer,
    MetricServer,
    answer_json,
    metric_server,
)
from tests.functional.analysis.measuring import gateway, measure, server, told

__all__ = ["server"]


def test_a_page_of_html_is_a_text_that_no_condition_likes(server: MetricServer) -> None:
    server.rule = lambda _: HTML

    found = measure({"web": {"url": server.url, "jsonPath": "{$.ok}"}}, success="result == true")

    assert found.phase == "Error"
    assert "mismatched types string and bool" in found.message


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ({"prometheus": {"query": "up"}}, "bad_response: invalid character '<'"),
        ({"graphite": {"query": "target=a"}}, "invalid character '<'"),
        ({"skywalking": {"query": "q", "interval": "1m"}}, "invalid character '<'"),
    ],
)
def test_html_instead_of_json_is_told_as_such(
    server: MetricServer, provider: dict[str, Any], message: str
) -> None:
    server.rule = lambda _: HTML
    ((kind, fields),) = provider.items()

    found = measure({kind: {"address": server.url, **fields}})

    assert found.phase == "Error"
    assert message in found.message


def test_a_source_that_hangs_is_given_up(server: MetricServer) -> None:
    server.rule = lambda _: Answer(b"{}", delay=30)

    found = measure({"web": {"url": server.url}}, source=gateway(longest_seconds=0.3))

    assert told(found) == ("Error", "", "127.0.0.1 did not answer in time.")


def test_an_answer_that_is_cut_off_is_an_error(server: MetricServer) -> None:
    server.rule = lambda _: Answer(b'{"ok": true}', cut=True)

    found = measure({"web": {"url": server.url}})

    assert found.phase == "Error"
    assert "failed" in found.message


def test_an_answer_that_is_too_large_is_an_error(server: MetricServer) -> None:
    server.rule = lambda _: Answer(b" " * (1 << 20) + b"{}")

    found = measure({"web": {"url": server.url}})

    assert told(found) == ("Error", "", "The response of 127.0.0.1 is larger than 1048576 bytes.")


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_to_another_host_takes_no_credential_along(
    server: MetricServer, status: int
) -> None:
    with metric_server(lambda _: answer_json({"ok": True})) as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        server.rule = lambda _: Answer(b"", status, {"Location": f"{elsewhere}/x"})
        headers = [{"key": "X-My-Key", "value": "very-secret"}]

        found = measure({"web": {"url": server.url, "headers": headers, "jsonPath": "{$.ok}"}})

        assert (found.phase, found.value) == ("Successful", "true")
        assert server.asked[0].headers["x-my-key"] == "very-secret"
        assert "x-my-key" not in other.asked[0].headers


def test_a_body_is_not_repeated_to_another_host(server: MetricServer) -> None:
    with metric_server() as other:
        server.rule = lambda _: Answer(b"", 307, {"Location": other.url})

        found = measure({"web": {"url": server.url, "method": "POST", "body": "secret"}})

        assert "redirects to another host" in found.message
        assert other.asked == []


def test_redirects_in_a_circle_end(server: MetricServer) -> None:
    server.rule = lambda _: Answer(b"", 302, {"Location": "/again"})

    assert measure({"web": {"url": server.url}}).message == "stopped after 10 redirects"


def test_hosts_that_the_policy_refuses_are_not_asked(server: MetricServer) -> None:
    strict = HttpMetricSources(
        Exchange(EgressPolicy.of([], deny_private=False), clock=now), clock=now
    )

    found = measure({"web": {"url": server.url}}, source=strict)

    assert found.phase == "Error"
    assert server.asked == []


def test_a_header_that_cannot_be_sent_is_named_without_its_value(server: MetricServer) -> None:
    headers = [{"key": "X-Key", "value": "secret\nX-Other: 1"}]

    found = measure({"web": {"url": server.url, "headers": headers}})

    assert found.message == 'net/http: invalid header field value for "X-Key"'
    assert server.asked == []


@pytest.mark.parametrize("kind", ["plugin", "nonsense"])
def test_a_provider_that_is_not_here_says_so(kind: str) -> None:
    assert f'no provider "{kind}" is available' in measure({kind: {"a/b": {}}}).message


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_the_metric_says_so(
    tmp_path: Path,
) -> None:
    context, _ = loopback_certificate(tmp_path)
    with metric_server(tls=context) as server:
        strict = measure({"web": {"url": server.url}})
        loose = measure({"web": {"url": server.url, "insecure": True}})

    assert strict.phase == "Error"
    assert "certificate" in strict.message
    assert loose.phase == "Successful"
