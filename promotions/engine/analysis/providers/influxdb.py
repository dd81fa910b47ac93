"""The provider ``influxdb``: Flux queries, answered as annotated CSV.

Source: Argo Rollouts ``metricproviders/influxdb`` and ``influxdb-client-go``.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from common.jsontypes import JSONObject
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.annotated_csv import read_values
from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Request, Response, json_request
from promotions.engine.analysis.providers.inquiries import Inquiry, configuration_of
from promotions.engine.analysis.providers.results import LIST, Result
from promotions.engine.expressions.values import format_value

KIND = "influxdb"
DEFAULT_SECRET = "influxdb"  # noqa: S105  the name of one
_TIMEOUT_SECONDS = 30
_DIALECT: JSONObject = {
    "annotations": ["datatype", "group", "default"],
    "delimiter": ",",
    "header": True,
}


def secret_name(metric: Metric) -> str:
    """Return the name of the secret that holds address, organisation and token."""
    return configuration_of(metric, KIND).text("profile") or DEFAULT_SECRET


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: The secret is incomplete, or its address is no URL.
        InvalidError: A field is of the wrong type.
    """
    address, organisation, token = connection(inquiry.credentials)
    url = f"{address.rstrip('/')}/api/v2/query?{urlencode({'org': organisation})}"
    check_url("Post", url)
    query = inquiry.configuration(KIND).text("query")
    return json_request(
        url,
        {"query": query, "type": "flux", "dialect": _DIALECT},
        headers={"Authorization": f"Token {token}"},
        timeout_seconds=_TIMEOUT_SECONDS,
    )


def connection(credentials: Mapping[str, str]) -> tuple[str, str, str]:
    """Return address, organisation and token.

    Raises:
        ConfigurationError: One of them is missing.
    """
    address, organisation, token = (
        credentials.get(key, "") for key in ("address", "org", "authToken")
    )
    if not address or not organisation or not token:
        raise ConfigurationError("authToken, org, or address not found")
    return address, organisation, token


def interpret(inquiry: Inquiry, response: Response) -> Result:  # noqa: ARG001  as all providers
    """Return the values of all tables.

    Raises:
        ResponseError: The query failed, gave nothing, or the CSV is malformed.
    """
    text = response.text
    if not response.is_success:
        raise ResponseError(_problem(response.status, text))
    return summarise(read_values(text))


def summarise(values: Sequence[object] | None) -> Result:
    """Return the result for the values of a query; ``None`` is no answer at all.

    Raises:
        ResponseError: There are none.
    """
    if values is None:
        raise ResponseError("no QueryTableResult returned from flux query")
    if not values:
        raise ResponseError("no results returned from flux query")
    return Result(values, LIST, format_value(values))


def _problem(status: int, text: str) -> str:
    """Return InfluxDB's own words if it gave any, else the status and the body."""
    try:
        document = Decoded(decode(text), "http.Error")
        code, message = document.member("code").text(), document.member("message").text()
    except ResponseError:
        code, message = "", ""
    return f"{code}: {message}" if code and message else f"{status}: {text}"
