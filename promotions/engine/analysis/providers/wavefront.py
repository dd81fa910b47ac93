"""The provider ``wavefront``: the points of series that are nearest to now.

Source: Argo Rollouts ``metricproviders/wavefront`` and ``go-wavefront``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from promotions.engine.analysis.providers.authentication import check_url
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Request, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.numbers import fixed
from promotions.engine.analysis.providers.results import FLOAT, FLOATS, Result
from promotions.engine.expressions.values import float_to_int

KIND = "wavefront"
SECRET = "wavefront-api-tokens"  # noqa: S105  the name of one
_TIMEOUT_SECONDS = 10
_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Closest:
    """The point of a series that was chosen.

    Attributes:
        epoch: Its time, in seconds.
        drift: Seconds from the measurement to the point; negative is earlier.
    """

    value: float
    epoch: int
    drift: int


def request(inquiry: Inquiry) -> Request:
    """Return the request that measures the metric.

    Raises:
        ConfigurationError: There is no token for the address, or it is none.
        InvalidError: A field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    address = configuration.text("address")
    token = token_for(address, inquiry.credentials)
    at = str(int(inquiry.now.timestamp()) * 1000)
    parameters = {
        "q": configuration.text("query"),
        "s": at,
        "e": at,
        "g": "s",
        "i": "true",
        "p": "1",
    }
    url = f"https://{address}/api/v2/chart/api?{urlencode(sorted(parameters.items()))}"
    check_url("Get", url)
    headers = {"Authorization": f"Bearer {token}"}
    return Request("GET", url, headers, timeout_seconds=_TIMEOUT_SECONDS)


def token_for(address: str, tokens: Mapping[str, str]) -> str:
    """Return the token of an address.

    Raises:
        ConfigurationError: There is none.
    """
    token = tokens.get(address, "")
    if not token:
        raise ConfigurationError("API token not found")
    return token


def interpret(inquiry: Inquiry, response: Response) -> Result:
    """Return the closest value of the one series, or those of all.

    Raises:
        ResponseError: The query failed, or gave no series; it carries the warnings.
    """
    if not response.is_success:
        raise ResponseError(f"received non 2xx response code: {response.status} {response.text}")
    document = Decoded(decode(response.text), "wavefront.QueryResponse")
    warnings = document.member("warnings").text()
    kept = {"warnings": warnings} if warnings else {}
    series = [_points(it) for it in document.member("timeseries", "[]wavefront.TimeSeries").items()]
    if problem := document.member("errorMessage").text():
        raise ResponseError(problem, metadata=kept)
    if not series:
        raise ResponseError("No TimeSeries found in response from Wavefront", metadata=kept)
    return _result([closest(points, at=inquiry.now) for points in series], kept)


def closest(points: Iterable[tuple[float, float]], *, at: datetime) -> Closest:
    """Return the point, a time and a value, that is nearest; of two, the first.

    Without points it is the value 0 at the epoch, infinitely far away.
    """
    moment = float(int(at.timestamp()))
    value, time, drift = 0.0, 0.0, math.inf
    for point_time, point_value in points:
        if abs(point_time - moment) < abs(drift):
            value, time, drift = point_value, point_time, point_time - moment
    return Closest(value, float_to_int(time), float_to_int(drift))


def _points(series: Decoded) -> list[tuple[float, float]]:
    return [_point(it) for it in series.member("data", "[]wavefront.DataPoint").items()]


def _point(point: Decoded) -> tuple[float, float]:
    numbers = [it.number() for it in point.items("float64")]
    if len(numbers) < 2:  # noqa: PLR2004  a time and a value
        raise ResponseError("a point of the series has no time or no value")
    return numbers[0], numbers[1]


def _result(found: Sequence[Closest], kept: Mapping[str, str]) -> Result:
    values = [it.value for it in found]
    texts = [fixed(value, _DIGITS) for value in values]
    epochs, drifts = [str(it.epoch) for it in found], [str(it.drift) for it in found]
    if len(found) == 1:
        details = {"timestamps": epochs[0], "drift": drifts[0]}
        return Result(values[0], FLOAT, texts[0], {**kept, **details})
    details = {"timestamps": f"[{','.join(epochs)}]", "drift": f"[{','.join(drifts)}]"}
    return Result(values, FLOATS, f"[{','.join(texts)}]", {**kept, **details})
