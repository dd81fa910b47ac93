"""Whatever a server answers gives a result or our error."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import PlatformError
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers import cloudwatch, kayenta
from promotions.engine.analysis.providers.catalogue import QUERIES
from promotions.engine.analysis.providers.exchange import LARGEST_BODY_BYTES, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.measuring import failed, measured
from promotions.engine.analysis.providers.results import Result
from tests.unit.engine.analysis.providers.asking import NOW, inquiry

KEYS = st.sampled_from(
    [
        *("data", "status", "result", "resultType", "value", "values", "warnings", "series"),
        *("pointlist", "attributes", "columns", "type", "name", "errors", "message", "actor"),
        *("account", "nrql", "results", "timeseries", "target", "datapoints", "complete"),
        *("judgeResult", "score", "id", "MetricDataResults", "Values", "Messages", "Timestamps"),
    ]
)
WORDS = st.sampled_from(
    ["success", "error", "vector", "matrix", "scalar", "group", "1", "NaN", "x"]
)
NUMBERS = st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


@st.composite
def likely_documents(draw: st.DrawFn) -> Any:
    """Draw documents of the right shape down to some depth, where anything stands."""
    odd = draw(ANY_JSON)
    pair = draw(st.sampled_from([[0, "1"], [1, 2], odd]))
    columns = [{"type": draw(WORDS), "values": [odd]}, {"type": "number", "values": odd}]
    shapes = [
        {"status": "success", "data": {"resultType": draw(WORDS), "result": odd}},
        {"status": "success", "data": {"resultType": "vector", "result": [{"value": pair}]}},
        {"status": "success", "data": {"resultType": "matrix", "result": [{"values": [pair]}]}},
        {"series": [{"pointlist": [pair]}, odd]},
        {"data": {"attributes": {"columns": columns}, "errors": draw(SCALARS)}},
        {"data": {"actor": {"account": {"nrql": {"results": [odd]}}}}, "errors": draw(SCALARS)},
        {"timeseries": [{"data": [pair]}, {"data": odd}], "warnings": draw(SCALARS)},
        [{"target": "t", "datapoints": [pair, [odd, odd]]}],
        {"complete": draw(SCALARS), "result": {"judgeResult": odd}},
        {"MetricDataResults": [{"Id": odd, "Values": [pair[0] if pair else 0]}], "Messages": odd}
        if isinstance(pair, list)
        else odd,
    ]
    return draw(st.sampled_from(shapes))


DOCUMENTS = ANY_JSON | likely_documents()
STATUSES = st.sampled_from([200, 200, 200, 204, 302, 400, 401, 404, 422, 500])
CONDITIONS = st.sampled_from(["", "result > 1", "result[0] == 1", "len(result) > 0", "result.a.b"])
CONFIGURATIONS = {"web": {"jsonPath": "{..value}"}, "datadog": {"apiVersion": "v2", "query": "q"}}


def taken(asked: Inquiry, find: Callable[[], Result]) -> Measurement:
    begun = Measurement(started_at=NOW)
    try:
        return measured(asked.metric, find(), begun=begun, now=NOW)
    except PlatformError as error:
        return failed(begun, error, now=NOW)


@pytest.mark.parametrize("kind", sorted(QUERIES))
@settings(max_examples=50)
@given(document=DOCUMENTS, status=STATUSES)
def test_any_json_gives_a_measurement(kind: str, document: Any, status: int) -> None:
    asked = inquiry(kind, CONFIGURATIONS.get(kind))
    response = Response(status, json.dumps(document).encode())

    measurement = taken(asked, lambda: QUERIES[kind].interpret(asked, response))

    assert measurement.phase.is_completed
    assert isinstance(measurement.value, str)
    assert measurement.message or measurement.phase is not AnalysisPhase.ERROR


@pytest.mark.parametrize("kind", sorted(QUERIES))
@settings(max_examples=30)
@given(body=st.binary(max_size=200), status=STATUSES)
def test_any_bytes_give_a_measurement(kind: str, body: bytes, status: int) -> None:
    asked = inquiry(kind, CONFIGURATIONS.get(kind))

    measurement = taken(asked, lambda: QUERIES[kind].interpret(asked, Response(status, body)))

    assert measurement.phase.is_completed


@settings(max_examples=50)
@given(DOCUMENTS)
def test_any_document_gives_a_measurement_of_cloudwatch(document: Any) -> None:
    asked = inquiry("cloudWatch")

    assert taken(asked, lambda: cloudwatch.interpret(document)).phase.is_completed


@settings(max_examples=50)
@given(DOCUMENTS, STATUSES)
def test_any_json_moves_kayenta_or_is_our_error(document: Any, status: int) -> None:
    asked = inquiry("kayenta", {"canaryConfigName": "x"})
    response = Response(status, json.dumps(document).encode())

    with suppress(PlatformError):
        assert isinstance(kayenta.read_lookup(asked, response), str)
    with suppress(PlatformError):
        assert kayenta.read_start(asked, response).metadata["canaryExecutionId"]
    with suppress(PlatformError):
        score = kayenta.read_score(asked, Measurement(), response)
        assert score.phase.is_completed == (score.resume_at is None)


@settings(max_examples=50)
@given(document=DOCUMENTS, text=st.data())
def test_csv_cut_anywhere_gives_a_measurement(document: Any, text: st.DataObject) -> None:
    whole = (
        "#datatype,string,long,double\n#default,_result,,\n,result,table,_value\n,,0,1.5\n,,0,2\n"
    )
    body = whole[: text.draw(st.integers(0, len(whole)))] + json.dumps(document)
    asked = inquiry("influxdb")

    query = QUERIES["influxdb"]
    measurement = taken(asked, lambda: query.interpret(asked, Response(200, body.encode())))

    assert measurement.phase.is_completed


@pytest.mark.parametrize("kind", sorted(QUERIES))
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Bad gateway</body></html>",
        b"[" * 400 + b"]" * 400,
        b'{"a":' * 50_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[NaN, Infinity, -Infinity]",
        b"[1e400]",
        b"9" * 100_000,
        b'"\\ud800"',
        b"\x00" * 100,
        b"," * 100_000,
        b"x" * (LARGEST_BODY_BYTES + 1),
    ],
    ids=lambda body: f"{body[:8]!r} of {len(body)}",
)
def test_hostile_bodies_give_a_measurement(kind: str, body: bytes) -> None:
    asked = inquiry(kind, CONFIGURATIONS.get(kind))

    measurement = taken(asked, lambda: QUERIES[kind].interpret(asked, Response(200, body)))

    assert measurement.phase.is_completed
