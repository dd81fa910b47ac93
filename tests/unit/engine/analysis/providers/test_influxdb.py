"""The provider ``influxdb``, and annotated CSV."""

import json

import pytest

from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.annotated_csv import read_values
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.influxdb import (
    interpret,
    request,
    secret_name,
    summarise,
)
from promotions.engine.expressions.values import format_value
from tests.unit.engine.analysis.providers.asking import inquiry

SECRET = {"address": "http://influx:8086/", "org": "shop floor", "authToken": "t"}


def table(kind: str, *values: str, default: str = "") -> str:
    return "\r\n".join(
        [
            f"#datatype,string,long,{kind}",
            "#group,false,false,false",
            f"#default,_result,,{default}",
            ",result,table,_value",
            *(f",,0,{value}" for value in values),
            "",
        ]
    )


def test_the_query_is_posted_for_an_organisation() -> None:
    sent = request(inquiry("influxdb", {"query": "from(bucket: 1)"}, SECRET))

    assert (sent.method, sent.url) == ("POST", "http://influx:8086/api/v2/query?org=shop+floor")
    assert sent.headers["Authorization"] == "Token t"
    assert json.loads(sent.body)["query"] == "from(bucket: 1)"
    assert sent.timeout_seconds == 30


@pytest.mark.parametrize("missing", ["address", "org", "authToken"])
def test_an_incomplete_secret_is_an_error(missing: str) -> None:
    with pytest.raises(ConfigurationError, match="authToken, org, or address not found"):
        request(inquiry("influxdb", {}, {**SECRET, missing: ""}))


def test_the_profile_names_the_secret() -> None:
    assert secret_name(Metric(provider={"influxdb": {"profile": "mine"}})) == "mine"
    assert secret_name(Metric()) == "influxdb"


@pytest.mark.parametrize(
    ("kind", "cell", "shown"),
    [
        ("double", "6.60", "[6.6]"),
        ("double", "1000000", "[1e+06]"),
        ("double", "NaN", "[NaN]"),
        ("long", "-5", "[-5]"),
        ("unsignedLong", "18446744073709551615", "[18446744073709551615]"),
        ("boolean", "FALSE", "[false]"),
        ("boolean", "true", "[true]"),
        ("string", '"a, b"', "[a, b]"),
        ("dateTime:RFC3339", "2026-03-04T05:06:07Z", "[2026-03-04 05:06:07 +0000 UTC]"),
        ("dateTime:RFC3339Nano", "2026-03-04T05:06:07.5Z", "[2026-03-04 05:06:07.5 +0000 UTC]"),
        ("duration", "1h30m", "[1h30m0s]"),
        ("base64Binary", "YWI=", "[[97 98]]"),
        ("double", "", "[<nil>]"),
    ],
)
def test_values_have_the_type_of_their_column(kind: str, cell: str, shown: str) -> None:
    assert format_value(read_values(table(kind, cell))) == shown


def test_an_empty_cell_is_the_default_of_its_column() -> None:
    assert read_values(table("long", "", "2", default="7")) == [7, 2]


def test_the_values_of_all_tables_follow_each_other() -> None:
    text = f"{table('double', '1', '2')}\r\n{table('long', '3')}"

    result = interpret(inquiry("influxdb"), Response(200, text.encode()))

    assert (result.value, result.text) == ([1.0, 2.0, 3], "[1 2 3]")


def test_a_table_without_values_has_nil_in_each_row() -> None:
    assert read_values("#datatype,string\n,name\n,x\n,y\n") == [None, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no results returned from flux query"),
        ("\r\n\r\n", "no results returned from flux query"),
        (table("double"), "no results returned from flux query"),
        ("<html><body>,busy\n", "parsing error, annotations not found"),
        (",result,table,_value\n,,0,1\n", "parsing error, annotations not found"),
        ("#group,false\n,_value\n,1\n", "parsing error, datatype annotation not found"),
        (table("double", "1")[:-3] + "\n,,0", "parsing error, row has different number of"),
        (table("double", "one"), 'strconv.ParseFloat: parsing "one": invalid syntax'),
        (table("long", "1.5"), 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        (table("unsignedLong", "-1"), 'strconv.ParseUint: parsing "-1": invalid syntax'),
        (table("unsignedLong", "9" * 20), "strconv.ParseUint: parsing"),
        (table("duration", "soon"), 'time: invalid duration "soon"'),
        (table("dateTime:RFC3339", "today"), "parsing time"),
        (table("base64Binary", "?"), "illegal base64 data"),
        (table("complex", "1"), "_value has unknown data type complex"),
        (table("double", '"open'), "parse error: "),
        ("#datatype,string,long\n,error,reference\n,out of memory,897\n", "out of memory,897"),
        ("#datatype,string,long\n,error,reference\n,,\n", "unknown query error"),
    ],
)
def test_csv_that_cannot_be_used_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("influxdb"), Response(200, text.encode()))

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"code": "unauthorized", "message": "no token"}', "unauthorized: no token"),
        (b"<html>", "401: <html>"),
        (b"[]", "401: []"),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(body: bytes, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("influxdb"), Response(401, body))

    assert str(raised.value) == message


def test_no_answer_is_not_the_same_as_no_values() -> None:
    with pytest.raises(ResponseError, match="no QueryTableResult returned from flux query"):
        summarise(None)
