"""The provider ``graphite``: the points of the first series that a query renders.

Source: Argo Rollouts ``metricproviders/graphite``.
"""

import math
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus, urlencode

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Request, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.numbers import fixed, read_float, read_int
from promotions.engine.analysis.providers.results import FLOATS, Result
from promotions.engine.analysis.providers.url_problems import parse_address
from promotions.engine.analysis.wire import Reader
from promotions.engine.expressions.values import float_to_int, format_value
from promotions.engine.gourl import GoURL, parse_url

KIND = "graphite"
_TIMEOUT_SECONDS = 10
_FIRST_ERROR = 400
_DIGITS = 6
_LIST = "[]interface {}"
_HALF = 0.5
_SPACE = str.maketrans("", "", " \t\n\f\r")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Point:
    """A value, ``None`` where there is none, and its time in seconds."""

    value: float | None
    time: int | None


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: The address is no URL, or the query cannot be part of one.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    address = _address(configuration)
    path = posixpath.normpath("/" + f"{address.path}/render".lstrip("/"))
    query = parse_address(f"./render?{configuration.text('query').translate(_SPACE)}").query
    url = str(replace(address, path=path, raw_path="", query=_encoded(query), fragment=""))
    check_url("Get", url)
    return Request("GET", url, timeout_seconds=_TIMEOUT_SECONDS)


def interpret(inquiry: Inquiry, response: Response) -> Result:  # noqa: ARG001  as all providers
    """Return the values of the first series.

    Raises:
        ResponseError: The query failed, or gave no points.
    """
    points = read_points(response)
    if not points:
        raise ResponseError("no values found")
    values = [point.value for point in points if point.value is not None]
    text = f"[{','.join(fixed(value, _DIGITS) for value in values)}]"
    return Result(values, FLOATS, text, outlives_errors=True)


def read_points(response: Response) -> list[Point]:
    """Return the points of the first series, none if there is no series.

    Raises:
        ResponseError: The query failed, or a point is malformed.
    """
    text = response.text
    if response.status >= _FIRST_ERROR:
        raise ResponseError(f"error response: {text}")
    document = Decoded(decode(text), "graphite.graphiteResponse")
    series = [list(_points(it)) for it in document.items("graphite.graphiteTargetResp")]
    return series[0] if series else []


def _address(configuration: Reader) -> GoURL:
    address = configuration.text("address")
    try:
        parts = parse_url(address) if address else None
    except InvalidError:
        parts = None
    if parts is None:
        raise ConfigurationError(f"Graphite address {address} is not a valid URL")
    return parts


def _encoded(query: str) -> str:
    """Return the parameters in the form Go writes them; those it cannot read are dropped."""
    parameters: dict[str, list[str]] = {}
    for part in query.split("&"):
        if part and ";" not in part and not _BAD_ESCAPE.search(part):
            name, _, value = part.partition("=")
            parameters.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    parameters["format"] = ["json"]
    return urlencode(sorted(parameters.items()), doseq=True)


def _points(series: Decoded) -> Iterator[Point]:
    for point in series.member("datapoints", "[]graphite.dataPoint").items(_LIST):
        items = [it.value for it in point.items()]
        if len(items) != 2:  # noqa: PLR2004  a value and a time
            raise ResponseError(f"error unmarshaling data point: {format_value(items)}")
        yield Point(_value(items[0]), _time(items[1], items[0]))


def _value(value: JSONValue) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        return read_float(value)
    if isinstance(value, float):
        return value
    raise ResponseError(f"error unmarshaling value: {format_value(value)}")


def _time(time: JSONValue, value: JSONValue) -> int | None:
    if time is None:
        return None
    if isinstance(time, str):
        return read_int(time)
    if isinstance(time, float):
        return float_to_int(_rounded(time))
    raise ResponseError(f"error unmarshaling timestamp: {format_value(value)}")


def _rounded(number: float) -> float:
    """Return the nearest whole number; halves go away from zero."""
    whole = float(math.trunc(number))
    return whole + math.copysign(1, number) if abs(number - whole) >= _HALF else whole
