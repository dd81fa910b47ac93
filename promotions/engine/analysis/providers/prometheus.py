"""The provider ``prometheus``: an instant query, or one over a range of time.

Source: Argo Rollouts ``metricproviders/prometheus`` and Prometheus ``client_golang/api``.
"""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from common.errors import InvalidError
from common.jsontypes import as_list
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.authentication import (
    basic_auth,
    client_credentials,
    is_url,
)
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import (
    FORM_TYPE,
    Auth,
    AwsSignature,
    Request,
    Response,
)
from promotions.engine.analysis.providers.inquiries import Inquiry, configuration_of, timeout_of
from promotions.engine.analysis.providers.numbers import read_float
from promotions.engine.analysis.providers.results import FLOAT, FLOATS, Result
from promotions.engine.analysis.rendering import go_decimal
from promotions.engine.analysis.time_expressions import evaluate_time
from promotions.engine.analysis.timing import duration_of
from promotions.engine.analysis.wire import Reader
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.gourl import parse_url

KIND = "prometheus"
FALLBACK_ADDRESS = "ARGO_ROLLOUTS_PROMETHEUS_ADDRESS"
_TIMEOUT_SECONDS = 30
_MANAGED_BY_AWS = "aps-workspaces"
_UNSUPPORTED = "Prometheus metric type not supported"
_METHOD_NOT_ALLOWED, _NOT_IMPLEMENTED = 405, 501
_ERROR_STATUSES = frozenset({400, 422})
_INCONSISTENT = "bad_response: inconsistent body for response code"
_STATUS_KINDS = {4: "client_error: client error", 5: "server_error: server error"}
_RESPONSE = "v1.apiResponse"
_PAIR = "model.SamplePair"


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: Address, timeout, authentication or range are wrong.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    address = _address(configuration, inquiry.credentials)
    auth = _auth(configuration, address)
    endpoint, form = _question(configuration, inquiry.now)
    headers = {it.text("key"): it.text("value") for it in configuration.objects("headers")}
    return Request(
        method="POST",
        url=_joined(address, endpoint),
        headers={**headers, "Content-Type": FORM_TYPE},
        body=urlencode(sorted(form.items())),
        timeout_seconds=timeout_seconds(inquiry.metric),
        verify_tls=not configuration.flag("insecure"),
        auth=auth,
    )


def second_request(first: Request, response: Response) -> Request | None:
    """Return what to ask of a server that takes no POST, ``None`` if it has answered."""
    if response.status not in {_METHOD_NOT_ALLOWED, _NOT_IMPLEMENTED} or first.method == "GET":
        return None
    headers = {name: it for name, it in first.headers.items() if name != "Content-Type"}
    return replace(first, method="GET", url=f"{first.url}?{first.body}", headers=headers, body="")


def interpret(inquiry: Inquiry, response: Response) -> Result:  # noqa: ARG001  as all providers
    """Return the scalar, or the values of all samples of a vector or matrix.

    Raises:
        ResponseError: The query failed, or its result is of another type.
    """
    document = _checked(response)
    result = _result(document.member("data", "v1.queryResult"))
    warnings = ", ".join(
        f'"{warning.text()}"'
        for warning in document.member("warnings", "v1.Warnings").items("string")
    )
    return replace(result, metadata={"warnings": warnings}) if warnings else result


def timeout_seconds(metric: Metric) -> int:
    """Return how long Prometheus may take for the query.

    Raises:
        ConfigurationError: It is negative.
    """
    return timeout_of(metric, KIND, default=_TIMEOUT_SECONDS)


def metadata(metric: Metric) -> dict[str, str]:
    """Return what is kept with the metric: the query as it is asked."""
    query = configuration_of(metric, KIND).text("query")
    return {"ResolvedPrometheusQuery": query} if query else {}


def _address(configuration: Reader, credentials: Mapping[str, str]) -> str:
    address = configuration.text("address") or credentials.get(FALLBACK_ADDRESS, "")
    if not address:
        raise ConfigurationError("prometheus address is not configured")
    if not is_url(address):
        raise ConfigurationError("prometheus address is not is url format")
    return address


def _auth(configuration: Reader, address: str) -> Auth | None:
    basic = basic_auth(configuration)
    oauth2 = client_credentials(configuration)
    if _MANAGED_BY_AWS in address:
        aws = configuration.object("authentication").object("sigv4")
        return AwsSignature(aws.text("region"), aws.text("profile"), aws.text("roleArn"))
    return basic or oauth2


def _question(configuration: Reader, now: datetime) -> tuple[str, dict[str, str]]:
    query = {"query": configuration.text("query")}
    if not configuration.has("rangeQuery"):
        return "/api/v1/query", {**query, "time": _epoch(Time.from_datetime(now))}
    span = configuration.object("rangeQuery")
    return "/api/v1/query_range", {
        **query,
        "start": _epoch(_moment(span, "start", now)),
        "end": _epoch(_moment(span, "end", now)),
        "step": _step(span),
    }


def _moment(span: Reader, name: str, now: datetime) -> Time:
    try:
        return evaluate_time(span.text(name), now=now)
    except InvalidError as error:
        raise ConfigurationError(f"failed to parse rangeQuery.{name} as time: {error}") from error


def _step(span: Reader) -> str:
    try:
        return go_decimal(duration_of(span.text("step")).total_seconds())
    except InvalidError as error:
        raise ConfigurationError(f"failed to parse rangeQuery.step as duration: {error}") from error


def _epoch(moment: Time) -> str:
    return go_decimal(moment.unix + moment.nanosecond / 1e9)


def _joined(address: str, endpoint: str) -> str:
    parts = parse_url(address.rstrip("/"))
    return str(replace(parts, path=posixpath.join(parts.path, endpoint.lstrip("/")), raw_path=""))


def _checked(response: Response) -> Decoded:
    """Return the body of a response that is a success in every respect."""
    is_error = response.status in _ERROR_STATUSES
    if not response.is_success and not is_error:
        raise ResponseError(_status_problem(response.status))
    try:
        document = Decoded(decode(response.text), _RESPONSE)
        status = document.member("status").text()
    except ResponseError as error:
        raise ResponseError(f"bad_response: {error}") from error
    if status == "error":
        kind, text = document.member("errorType").text(), document.member("error").text()
        raise ResponseError(f"{kind}: {text}")
    if is_error:
        raise ResponseError(_INCONSISTENT)
    return document


def _status_problem(status: int) -> str:
    kind = _STATUS_KINDS.get(status // 100)
    return f"{kind}: {status}" if kind else f"bad_response: bad response code {status}"


def _result(data: Decoded) -> Result:
    kind = data.member("resultType").text()
    result = data.member("result", f"model.{kind.capitalize()}")
    if kind == "scalar":
        value = _sample(result)
        return Result(value, FLOAT, go_decimal(value))
    if kind == "vector":
        return _floats([_sample(it.member("value", _PAIR)) for it in result.items("model.Sample")])
    if kind == "matrix":
        return _floats(list(_samples(result)))
    raise ResponseError(_UNSUPPORTED)


def _samples(result: Decoded) -> Iterator[float]:
    for series in result.items("model.SampleStream"):
        for pair in series.member("values", f"[]{_PAIR}").items():
            yield _sample(pair)


def _sample(pair: Decoded) -> float:
    items = as_list(pair.value)
    if len(items) != 2 or not isinstance(items[1], str):  # noqa: PLR2004  a time and a value
        raise ResponseError("sample value must be a quoted string")
    return read_float(items[1])


def _floats(values: Sequence[float]) -> Result:
    return Result(values, FLOATS, f"[{','.join(map(go_decimal, values))}]")
