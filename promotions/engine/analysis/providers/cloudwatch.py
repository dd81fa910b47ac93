"""The provider ``cloudWatch``: AWS metrics, asked for with GetMetricData.

The request is the parameters of that operation, and the response its output, in the names of the
AWS API.

Source: Argo Rollouts ``metricproviders/cloudwatch``.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.int_or_string import int32_value
from promotions.engine.analysis.providers.decoding import Decoded
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import FLOAT, FLOATS, Result
from promotions.engine.analysis.timing import after, duration_of
from promotions.engine.analysis.wire import Reader, without_empty, without_null
from promotions.engine.expressions.values import Record, TypedArray, format_value

KIND = "cloudWatch"
RESULTS = "[]types.MetricDataResult"
_MESSAGES = "[]types.MessageData"
_INTERVAL = timedelta(minutes=5)
_OUTPUT = "cloudwatch.GetMetricDataOutput"


@dataclass(frozen=True, slots=True)
class MetricDataQuery:
    """The parameters of GetMetricData.

    Attributes:
        queries: ``MetricDataQueries``; what the metric does not say is absent.
    """

    start: datetime
    end: datetime
    queries: tuple[JSONObject, ...]


def request(inquiry: Inquiry) -> MetricDataQuery:
    """Return the request that measures the metric.

    Raises:
        InvalidError: The interval is wrong, or a field is of the wrong type.
    """
    configuration = inquiry.configuration(KIND)
    text = configuration.text("interval")
    interval = duration_of(text) if text else _INTERVAL
    return MetricDataQuery(
        start=after(inquiry.now, -interval),
        end=inquiry.now,
        queries=tuple(_query(it) for it in configuration.objects("metricDataQueries")),
    )


def interpret(output: JSONValue) -> Result:
    """Return the metric data results, with the messages of the service as metadata.

    Raises:
        ResponseError: The output is of another shape.
    """
    document = Decoded(output, _OUTPUT)
    results = [_result(it) for it in document.member("MetricDataResults", RESULTS).items()]
    messages = [_message(it) for it in document.member("Messages", _MESSAGES).items()]
    return Result(
        results,
        RESULTS,
        format_value([result.fields["Values"] for result in results]),
        {"messages": f"[{' '.join(messages)}]"} if messages else {},
        outlives_errors=True,
    )


def _result(result: Decoded) -> Record:
    values = [it.number() for it in result.member("Values", FLOATS).items()]
    fields = {
        "Id": result.member("Id").value,
        "Label": result.member("Label").value,
        "Values": TypedArray(values, FLOAT),
        "Timestamps": [it.value for it in result.member("Timestamps", "[]time.Time").items()],
        "StatusCode": result.member("StatusCode").text(),
        "Messages": [_message(it) for it in result.member("Messages", _MESSAGES).items()],
    }
    return Record("types.MetricDataResult", fields)


def _message(message: Decoded) -> str:
    return f"{{Code:{message.member('Code').text()} Value:{message.member('Value').text()}}}"


def _query(query: Reader) -> JSONObject:
    """Return a query in AWS's names; an absent field and an empty one are not the same."""
    statistic = _statistic(query.object("metricStat")) if query.has("metricStat") else None
    return without_null(
        {
            "Id": query.text("id"),
            "Expression": _optional_text(query, "expression"),
            "Label": _optional_text(query, "label"),
            "MetricStat": statistic,
            "Period": int32_value(query.int_or_string("period")) if query.has("period") else None,
            "ReturnData": query.flag("returnData") if query.has("returnData") else None,
        }
    )


def _statistic(statistic: Reader) -> JSONObject:
    metric = statistic.object("metric")
    dimensions = [
        {"Name": it.text("name"), "Value": it.text("value")} for it in metric.objects("dimensions")
    ]
    named = {
        "Namespace": _optional_text(metric, "namespace"),
        "MetricName": metric.text("metricName"),
        "Dimensions": dimensions if metric.has("dimensions") else None,
    }
    return {
        "Metric": without_null(named),
        "Period": int32_value(statistic.int_or_string("period")),
        "Stat": statistic.text("stat"),
        **without_empty({"Unit": statistic.text("unit")}),
    }


def _optional_text(reader: Reader, name: str) -> str | None:
    return reader.text(name) if reader.has(name) else None
