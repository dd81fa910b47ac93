"""The ``http`` step: how it judges responses."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import InvalidError, UpstreamError
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepResult, StepRunner, StepStatus
from promotions.engine.schema import ConfigSchema
from promotions.ports.http import HttpRequest, HttpResponse
from promotions.steps.http import MAX_BYTES, Http
from promotions.steps.support.http_schema import SCHEMA
from tests.fakes.http_sender import CannedSender
from tests.unit.steps.contexts import context


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


SUCCESS, FAILURE, ERROR = "successExpression", "failureExpression", "errorExpression"
BROKEN = [{"name": "a", "fromExpression": "(("}]


@pytest.mark.parametrize(
    ("config", "answer", "status"),
    [
        ({}, HttpResponse(204), StepStatus.SUCCEEDED),
        ({SUCCESS: "response.body.done"}, json_response('{"done": true}'), StepStatus.SUCCEEDED),
        ({SUCCESS: "response.body.done"}, json_response('{"done": false}'), StepStatus.RUNNING),
        ({FAILURE: "response.status == 404"}, HttpResponse(500), StepStatus.RUNNING),
        ({SUCCESS: "true", FAILURE: "false"}, HttpResponse(500), StepStatus.SUCCEEDED),
        ({FAILURE: "false", ERROR: "(("}, HttpResponse(200), StepStatus.RUNNING),
        ({SUCCESS: "false", "outputs": BROKEN}, HttpResponse(200), StepStatus.RUNNING),
    ],
)
def test_a_response_may_succeed_or_be_asked_for_again(
    tmp_path: Path, config: Mapping[str, Any], answer: HttpResponse, status: StepStatus
) -> None:
    result, _ = run(tmp_path, config, answer)

    assert result.status is status


@pytest.mark.parametrize(
    ("config", "answer", "failed", "terminal"),
    [
        ({}, HttpResponse(503), True, False),
        ({SUCCESS: "true", FAILURE: "true"}, HttpResponse(200), True, True),
        ({FAILURE: "true", ERROR: "(("}, HttpResponse(200), False, True),
        ({FAILURE: "(("}, HttpResponse(200), False, True),
        ({SUCCESS: "(("}, HttpResponse(200), False, True),
        ({SUCCESS: "nope.x", FAILURE: "(("}, HttpResponse(200), False, False),
        ({SUCCESS: "(("}, json_response("{"), False, False),
        ({FAILURE: "'x'"}, HttpResponse(200), False, False),
    ],
)
def test_a_response_may_fail_the_step(
    tmp_path: Path,
    config: Mapping[str, Any],
    answer: HttpResponse,
    failed: bool,  # noqa: FBT001 - a table
    terminal: bool,  # noqa: FBT001 - a table
) -> None:
    with pytest.raises(StepError) as caught:
        run(tmp_path, config, answer)

    assert (caught.value.failed, caught.value.terminal) == (failed, terminal)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("response.body.error", 'HTTP (400) response met failure criteria: "bad \\"thing\\""'),
        ("response.body.nope", "HTTP (400) response met failure criteria"),
        ("response.body.nope.x", "HTTP (400) response met failure criteria"),
        ("1", "HTTP (400) response met failure criteria"),
    ],
)
def test_an_expression_may_say_why_it_failed(tmp_path: Path, expression: str, message: str) -> None:
    answer = json_response('{"error": "bad \\"thing\\""}', status=400)

    with pytest.raises(StepError) as caught:
        run(tmp_path, {FAILURE: "true", ERROR: expression}, answer)

    assert caught.value.message == message


@pytest.mark.parametrize(
    ("answer", "override", "expression", "value"),
    [
        (json_response('{"n": 3}'), "", "response.body.n", 3),
        (json_response('{"n": 1.5}', media_type="text/html; a=b"), "", "response.body.n", 1.5),
        (json_response("<html>", media_type="text/html"), "", "response.body", {}),
        (json_response("", media_type="application/json"), "", "response.body", {}),
        (json_response("null", media_type="APPLICATION/JSON"), "", "response.body", None),
        (json_response('{"n": 1}'), "text/plain", "response.body", '{"n": 1}'),
        (json_response('{"n": 1}', media_type="text/plain"), "", "response.body", '{"n": 1}'),
        (json_response("[1, 2]", media_type=""), "application/json", "response.body[1]", 2),
        (HttpResponse(200, {"X-Id": ("a", "b")}), "", "response.header('x-id')", "a"),
        (HttpResponse(200, {"X-Id": ("a", "b")}), "", "response.headers['X-Id']", ["a", "b"]),
        (HttpResponse(200), "", "response.header('x-id')", ""),
        (HttpResponse(201), "", "response.status", 201),
    ],
)
def test_an_output_comes_from_the_response(
    tmp_path: Path, answer: HttpResponse, override: str, expression: str, value: object
) -> None:
    config = {"outputs": [{"name": "x", "fromExpression": expression}]}

    result, _ = run(tmp_path, {**config, "responseContentType": override}, answer)

    assert result.output == {"x": value}


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
        (
            {"outputs": [{"name": "x", "fromExpression": "1 % (response.status - 200)"}]},
            HttpResponse(200),
            False,
        ),
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
