"""The ``http`` step: how it judges responses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import InvalidError, UpstreamError
from common.http import header_map
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepResult, StepRunner, StepStatus
from promotions.engine.schema import ConfigSchema
from promotions.ports.http import HttpRequest, HttpResponse
from promotions.steps.http import MAX_BYTES, Http
from promotions.steps.support.http_schema import SCHEMA
from tests.conformance.vectors import Case, ids, load
from tests.unit.steps.contexts import context

CASES = load("kargo_tables", feature="steps/http")


@dataclass
class CannedSender:
    """Answers every request alike, and keeps the requests."""

    answer: HttpResponse | Exception = field(default_factory=lambda: HttpResponse(200))
    requests: list[HttpRequest] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def run(
    workdir: Path, config: Mapping[str, Any], answer: HttpResponse | Exception
) -> tuple[StepResult, HttpRequest]:
    sender = CannedSender(answer)
    step: StepRunner = Http(sender)
    result = step.run(context(workdir, {"url": "https://example.com", **config}))
    return result, sender.requests[0]


def json_response(
    body: str, status: int = 200, media_type: str = "application/json"
) -> HttpResponse:
    return HttpResponse(status, {"Content-Type": (media_type,)}, body.encode())


def config_of(http: Mapping[str, Any]) -> JSONObject:
    names = {
        "success_expression": "successExpression",
        "failure_expression": "failureExpression",
        "error_expression": "errorExpression",
        "response_content_type": "responseContentType",
    }
    config: dict[str, Any] = {name: http[key] for key, name in names.items() if key in http}
    config["outputs"] = [
        {"name": it["name"], "fromExpression": it["from_expression"]}
        for it in http.get("outputs", [])
    ]
    return config


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_responses_are_judged_as_in_kargo(tmp_path: Path, case: Case) -> None:
    http, expect = case["http"], case["expect"]
    response = HttpResponse(
        http["status"], header_map(http["headers"].items()), http["body"].encode()
    )

    if "terminal" in expect:
        with pytest.raises(StepError) as caught:
            run(tmp_path, config_of(http), response)
        error = caught.value
        assert expect["status"] == ("Failed" if error.failed else "Errored")
        assert expect["terminal"] is error.terminal
        assert error.message == expect.get("message", error.message)
        return
    result, _ = run(tmp_path, config_of(http), response)
    assert expect["status"] == result.status
    assert (result.output or {}) == expect.get("outputs", {})


def test_a_response_that_is_neither_success_nor_failure_is_asked_for_again(tmp_path: Path) -> None:
    config = {"successExpression": "response.status == 200", "pollInterval": "1m30s"}

    result, _ = run(tmp_path, config, HttpResponse(202))

    assert result.status is StepStatus.RUNNING
    assert result.retry_after == timedelta(seconds=90)


def test_the_request_is_what_the_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text("{}")
    config = {
        "method": "POST",
        "headers": [{"name": "X-A", "value": "1"}, {"name": "X-A", "value": "2"}],
        "queryParams": [{"name": "q", "value": "a b"}],
        "bodyFromFile": "../body.json",
        "timeout": "1m",
        "insecureSkipTLSVerify": True,
        "proxy": "http://proxy:3128",
    }

    _, request = run(tmp_path, config, HttpResponse(204))

    assert request == HttpRequest(
        method="POST",
        url="https://example.com",
        timeout=timedelta(minutes=1),
        max_bytes=MAX_BYTES,
        headers=(("X-A", "1"), ("X-A", "2")),
        params=(("q", "a b"),),
        content=b"{}",
        verify_tls=False,
        proxy="http://proxy:3128",
    )


def test_yaml_bodies_are_read_and_cannot_explode(tmp_path: Path) -> None:
    config = {"outputs": [{"name": "x", "fromExpression": "response.body.a[1]"}]}
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(8)
    )

    result, _ = run(tmp_path, config, json_response("a: [1, 2]", media_type="text/yaml"))
    with pytest.raises(StepError, match="too many values") as caught:
        run(tmp_path, config, json_response(bomb, media_type="application/yaml"))

    assert result.output == {"x": 2}
    assert not caught.value.terminal


@pytest.mark.parametrize(
    ("config", "answer", "terminal"),
    [
        ({"bodyFromFile": "missing"}, HttpResponse(200), True),
        ({"bodyFromFile": "big"}, HttpResponse(200), True),
        ({"body": "x" * (MAX_BYTES + 1)}, HttpResponse(200), True),
        ({"timeout": "5"}, HttpResponse(200), True),
        ({"outputs": [{"name": "x", "fromExpression": "(("}]}, HttpResponse(200), True),
        ({}, InvalidError("bad address"), True),
        ({}, UpstreamError("no answer", retryable=True), False),
        (
            {"outputs": [{"name": "x", "fromExpression": "response.header"}]},
            HttpResponse(200),
            False,
        ),
        ({"outputs": [{"name": "x", "fromExpression": "1 % 0"}]}, HttpResponse(200), False),
        ({"responseContentType": "application/yaml"}, json_response("a: ["), False),
        ({}, json_response("NaN"), False),
        ({}, json_response("[" * 100_000), False),
    ],
)
def test_trouble_is_terminal_only_if_trying_again_cannot_help(
    tmp_path: Path,
    config: Mapping[str, Any],
    answer: HttpResponse | Exception,
    terminal: bool,  # noqa: FBT001 - a table
) -> None:
    (tmp_path / "big").write_bytes(b"x" * (MAX_BYTES + 1))

    with pytest.raises(StepError) as caught:
        run(tmp_path, config, answer)

    assert caught.value.terminal is terminal
    assert not caught.value.failed
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        ({"url": "x"}, True),
        ({"url": "x", "body": "", "bodyFromFile": "f"}, True),
        ({"url": "x", "body": "b", "bodyFromFile": "f"}, False),
        ({"url": ""}, False),
        ({"url": "x", "method": "TRACE"}, False),
        ({"url": "x", "headers": [{"name": "a", "value": 1}]}, False),
        ({"url": "x", "proxy": "socks5://h"}, False),
        ({"url": "x", "timeout": "soon"}, False),
    ],
)
def test_the_configuration_is_checked(config: JSONObject, valid: bool) -> None:  # noqa: FBT001 - a table
    assert (not ConfigSchema("http", SCHEMA).problems(config)) is valid
