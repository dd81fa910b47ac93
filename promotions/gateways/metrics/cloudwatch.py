"""Asks CloudWatch for metric data, over AWS's JSON protocol.

Source: Amazon CloudWatch API reference, GetMetricData; Smithy ``aws.protocols#awsJson1_0``.
"""

from datetime import datetime

from common.jsontypes import JSONValue
from promotions.engine.analysis.providers.cloudwatch import MetricDataQuery
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import Request
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.expressions.gojson import write_json
from promotions.gateways.metrics.aws_signature import AwsKeys, sign
from promotions.gateways.metrics.exchange import Exchange

_SERVICE = "monitoring"
_TARGET = "GraniteServiceVersion20100801.GetMetricData"
_TYPE = "application/x-amz-json-1.0"
_OK = 200
_TIMEOUT_SECONDS = 30
_MOST_PAGES = 5


def metric_data(query: MetricDataQuery, inquiry: Inquiry, *, exchange: Exchange) -> JSONValue:
    """Return the output of GetMetricData, at most a few pages of it.

    The account's keys, the region and, if it is another one, the ``endpoint`` come from the
    credentials.

    Raises:
        ConfigurationError: The credentials are incomplete.
        ResponseError: AWS refuses, or answers what is none.
        UpstreamError: It cannot be reached.
    """
    keys = AwsKeys.of(inquiry.credentials)
    endpoint = inquiry.credentials.get("endpoint") or (
        f"https://{_SERVICE}.{keys.region}.amazonaws.com/"
    )
    results: list[JSONValue] = []
    messages: list[JSONValue] = []
    token = ""
    for _ in range(_MOST_PAGES):
        body = write_json(_input(query, token))
        headers = sign(
            "POST",
            endpoint,
            headers={"Content-Type": _TYPE, "X-Amz-Target": _TARGET},
            body=body.encode(),
            keys=keys,
            service=_SERVICE,
            at=exchange.clock(),
        )
        request = Request("POST", endpoint, headers, body, timeout_seconds=_TIMEOUT_SECONDS)
        output = _output(exchange, request)
        results += [it.value for it in output.member("MetricDataResults", "[]any").items("any")]
        messages += [it.value for it in output.member("Messages", "[]any").items("any")]
        token = output.member("NextToken").text()
        if not token:
            break
    return {"MetricDataResults": results, "Messages": messages}


def _input(query: MetricDataQuery, token: str) -> dict[str, JSONValue]:
    document: dict[str, JSONValue] = {
        "StartTime": _epoch(query.start),
        "EndTime": _epoch(query.end),
        "MetricDataQueries": list(query.queries),
    }
    return {**document, "NextToken": token} if token else document


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp())


def _output(exchange: Exchange, request: Request) -> Decoded:
    response = exchange.send(request, credentials={})
    if response.status == _OK:
        return Decoded(decode(response.text), "cloudwatch.GetMetricDataOutput")
    try:
        document = Decoded(decode(response.text), "smithy.GenericAPIError")
        code = document.member("__type").text().rpartition("#")[2]
        said = document.member("message").text()
    except ResponseError:
        code, said = "", response.text
    problem = f"operation error CloudWatch: GetMetricData, StatusCode: {response.status}"
    raise ResponseError(
        ", ".join(filter(None, (problem, f"api error {code}" if code else "", said)))
    )
