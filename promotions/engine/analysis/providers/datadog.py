"""The provider ``datadog``: queries of version 1 or 2 of its API.

Source: Argo Rollouts ``metricproviders/datadog``.
"""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlencode

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.datadog_columns import (
    COLUMNS,
    extract_values,
    groups_metadata,
    read_columns,
)
from promotions.engine.analysis.providers.decoding import Decoded, decode, encode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import (
    JSON_TYPE,
    Request,
    Response,
    json_request,
)
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import FLOAT, FLOATS, NO_FLOAT, Result
from promotions.engine.analysis.rendering import go_decimal
from promotions.engine.analysis.timing import duration_of
from promotions.engine.analysis.wire import Reader

KIND = "datadog"
DEFAULT_ADDRESS = "https://api.datadoghq.com"
_INTERVAL = "5m"
_TIMEOUT = timedelta(seconds=10)
_REFUSED = frozenset({401, 403})
_OK = 200
_SERIES = '[]struct { Pointlist [][]float64 "json:\\"pointlist\\"" }'
_ATTRIBUTES = f"struct {{ Columns {COLUMNS} }}"
_DATA = f"struct {{ Attributes {_ATTRIBUTES}; Errors string }}"
_ONE_QUERY = (
    "Query is empty. API Version v1 only supports using the query parameter in your "
    "Analysis Template."
)
_NO_FORMULA = "When multiple queries are provided you must include a formula."
_REVIEW = "Please review the Analysis Template."


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: The query is contradictory, or the credentials are incomplete.
        InvalidError: A field or duration is wrong.
    """
    configuration = inquiry.configuration(KIND)
    key, application_key = (inquiry.credentials.get(it, "") for it in ("api-key", "app-key"))
    if not key or not application_key:
        raise ConfigurationError("API or App token not found")
    check(configuration)
    end = int(inquiry.now.timestamp())
    interval = duration_of(configuration.text("interval") or _INTERVAL)
    start = end - int(interval.total_seconds())
    headers = {"DD-API-KEY": key, "DD-APPLICATION-KEY": application_key}
    address = inquiry.credentials.get("address") or DEFAULT_ADDRESS
    check_url("Get" if _is_version_1(configuration) else "Post", address)
    timeout = _timeout(configuration).total_seconds()
    if _is_version_1(configuration):
        form = {"query": configuration.text("query"), "from": start, "to": end}
        url = f"{address}/api/v1/query?{urlencode(sorted(form.items()))}"
        headers["Content-Type"] = JSON_TYPE
        return Request("GET", url, headers, timeout_seconds=timeout)
    url = f"{address}/api/v2/query/scalar"
    document = _question(configuration, start=start, end=end)
    return json_request(url, document, headers=headers, timeout_seconds=timeout)


def check(configuration: Reader) -> None:
    """Say what contradicts itself in a metric of Datadog.

    Raises:
        ConfigurationError: Something does.
    """
    query, formula = configuration.text("query"), configuration.text("formula")
    queries, aggregator = configuration.texts("queries"), configuration.text("aggregator")
    is_version_1 = _is_version_1(configuration)
    problems = (
        (not query and not queries, f"Must have either a query or queries. {_REVIEW}"),
        (query and queries, f"Cannot have both a query and queries. {_REVIEW}"),
        (is_version_1 and not query, _ONE_QUERY),
        (formula and not queries, f"Formula are only valid when queries are set. {_REVIEW}"),
        (not formula and len(queries) > 1, _NO_FORMULA),
        (is_version_1 and aggregator, f"Aggregator is not supported in v1. {_REVIEW}"),
    )
    for is_wrong, problem in problems:
        if is_wrong:
            raise ConfigurationError(problem)
    _check_timeout(configuration)


def interpret(inquiry: Inquiry, response: Response) -> Result:
    """Return the last point of the first series (v1), or the scalars of all groups (v2).

    Raises:
        ResponseError: The query failed, or the answer is none; it carries metadata.
    """
    received = {"httpStatusCode": str(response.status), "responseReceived": "true"}
    try:
        result = _read(inquiry.configuration(KIND), response)
    except ResponseError as error:
        outcome = "response_error" if response.status == _OK else "http_error"
        raise ResponseError(str(error), metadata={**received, "requestOutcome": outcome}) from error
    kept = {**received, **result.metadata, "requestOutcome": "success"}
    return Result(result.value, result.go_type, result.text, kept)


def unanswered(inquiry: Inquiry, reason: str, *, is_timeout: bool) -> ResponseError:
    """Return the error for a request that never got a response."""
    timeout = inquiry.configuration(KIND).text("requestTimeout") or "10s"
    how = f"timed out after {timeout}" if is_timeout else "failed"
    return ResponseError(
        f"Datadog API request {how} before receiving an HTTP response: {reason}",
        metadata={
            "requestOutcome": "timeout" if is_timeout else "transport_error",
            "responseReceived": "false",
        },
    )


def _is_version_1(configuration: Reader) -> bool:
    return (configuration.text("apiVersion") or "v1") == "v1"


def _check_timeout(configuration: Reader) -> None:
    try:
        timeout = _timeout(configuration)
    except InvalidError as error:
        raise ConfigurationError(
            f"Could not parse the request timeout: {error}. {_REVIEW}"
        ) from error
    if timeout <= timedelta(0):
        raise ConfigurationError(
            f"Request timeout must be a positive duration (e.g. 30s). {_REVIEW}"
        )


def _timeout(configuration: Reader) -> timedelta:
    text = configuration.text("requestTimeout")
    return duration_of(text) if text else _TIMEOUT


def _question(configuration: Reader, *, start: int, end: int) -> JSONObject:
    query, formula = configuration.text("query"), configuration.text("formula")
    queries = {"query": query} if query else configuration.texts("queries")
    aggregator = configuration.text("aggregator") or "last"
    return {
        "data": {
            "attributes": {
                "from": start * 1000,
                "to": end * 1000,
                "queries": [
                    {
                        "aggregator": aggregator,
                        "data_source": "metrics",
                        "name": name,
                        "query": queries[name],
                    }
                    for name in sorted(queries)
                ],
                "formulas": [{"formula": formula}] if formula else [],
            },
            "type": "scalar_request",
        }
    }


def _read(configuration: Reader, response: Response) -> Result:
    body = response.text
    if response.status in _REFUSED:
        raise ResponseError(
            f"received authentication error response code: {response.status} {body}"
        )
    if response.status != _OK:
        raise ResponseError(f"received non 2xx response code: {response.status} {body}")
    return _read_points(body) if _is_version_1(configuration) else _read_columns(body)


def _read_points(body: str) -> Result:
    try:
        series = Decoded(decode(body), "datadog.datadogResponseV1").member("Series", _SERIES)
        points = [_points(it) for it in series.items()]
    except ResponseError as error:
        raise ResponseError(f"Could not parse JSON body: {error}") from error
    if not points or not points[0]:
        return Result(None, NO_FLOAT, encode(None if series.value is None else _shown(points)))
    last = points[0][-1]
    if len(last) != 2:  # noqa: PLR2004  a time and a value
        raise ResponseError("Datapoint does not have 2 values")
    return Result(last[1], FLOAT, go_decimal(last[1]))


def _shown(points: Iterable[list[list[float]] | None]) -> list[JSONObject]:
    return [{"pointlist": it} for it in points]


def _points(series: Decoded) -> list[list[float]] | None:
    points = series.member("pointlist", "[][]float64")
    if points.value is None:
        return None
    return [[it.number() for it in pair.items()] for pair in points.items()]


def _read_columns(body: str) -> Result:
    try:
        data = Decoded(decode(body), "datadog.datadogResponseV2").member("Data", _DATA)
        problem = data.member("Errors").text()
        columns = read_columns(data.member("Attributes", _ATTRIBUTES).member("Columns", COLUMNS))
    except ResponseError as error:
        raise ResponseError(f"Could not parse JSON body: {error}") from error
    if problem:
        raise ResponseError(f"There were errors in your query: {problem}")
    found = extract_values(columns)
    if not found.values:
        return Result(None, NO_FLOAT, "[]")
    if not found.is_grouped:
        return Result(found.values[0], FLOAT, go_decimal(found.values[0]))
    text = f"[{','.join(map(go_decimal, found.values))}]"
    return Result(found.values, FLOATS, text, groups_metadata(found.groups))
