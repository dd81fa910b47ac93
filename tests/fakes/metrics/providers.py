"""Sources of metrics, each with the rules of its own API, all on one server.

Source: the API documentation of each; only what measuring asks for.
"""

import json
from collections.abc import Mapping

from tests.fakes.metrics.server import Answer, Asked, Rule, answer_json

CSV = (
    "#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n"
    ",result,table,_value\r\n,,0,1\r\n,,0,6.6\r\n"
)
CANARY = "canary-1"
ROLE = "arn:aws:iam::123456789012:role/metrics"


def sources(asked: Asked) -> Answer:
    """Answer as the source whose path was asked for."""
    for prefix, rule in _RULES.items():
        if asked.path.startswith(prefix):
            return rule(asked)
    return answer_json({"error": "no such path"}, 404)


def _prometheus(asked: Asked) -> Answer:
    if asked.form.get("query", "") != "up":
        text = "invalid parameter"
        return answer_json({"status": "error", "errorType": "bad_data", "error": text}, 400)
    sample = {"metric": {}, "value": [1, "10"]}
    data = {"resultType": "vector", "result": [sample, {"metric": {}, "value": [1, "11"]}]}
    if asked.path.endswith("query_range"):
        series = [{"metric": {}, "values": [[1, "11"], [2, "12"]]}]
        data = {"resultType": "matrix", "result": series}
    return answer_json({"status": "success", "data": data})


def _datadog(asked: Asked) -> Answer:
    if asked.headers.get("dd-api-key") != "dd-secret-key":
        return answer_json({"errors": ["Forbidden"]}, 403)
    if asked.method == "GET":
        return answer_json({"series": [{"pointlist": [[1, 0.5], [2, 0.006121374442]]}]})
    columns = [{"type": "number", "values": [0.087], "name": "a"}]
    return answer_json({"data": {"attributes": {"columns": columns}}})


def _new_relic(asked: Asked) -> Answer:
    assert asked.json["variables"]["accountId"] == 42
    if asked.headers.get("api-key") != "nr-secret-key":
        return answer_json({"errors": [{"message": "API key invalid"}]})
    nrql = {"results": [{"duration": 0.5}]}
    return answer_json({"data": {"actor": {"account": {"nrql": nrql}}}})


def _wavefront(asked: Asked) -> Answer:
    if asked.headers.get("authorization") != "Bearer wavefront-token":
        return answer_json({}, 401)
    point = int(asked.query["s"][0]) / 1000
    return answer_json({"timeseries": [{"data": [[point, 6.1]]}]})


def _graphite(asked: Asked) -> Answer:
    assert asked.query["format"] == ["json"]
    return answer_json([{"target": "t", "datapoints": [[10, 1], [None, 2]]}])


def _influxdb(asked: Asked) -> Answer:
    if asked.headers.get("authorization") != "Token influx-token":
        return answer_json({"code": "unauthorized", "message": "unauthorized access"}, 401)
    assert asked.query["org"] == ["team"]
    return Answer(CSV.encode(), headers={"Content-Type": "text/csv"})


def _cloudwatch(asked: Asked) -> Answer:
    assert asked.headers["x-amz-target"] == "GraniteServiceVersion20100801.GetMetricData"
    signed = asked.headers.get("authorization", "")
    if not signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"):
        said = {"__type": "com.amazonaws#UnrecognizedClientException", "message": "bad token"}
        return Answer(json.dumps(said).encode(), 400)
    if "NextToken" not in asked.json:
        return answer_json({"MetricDataResults": [], "NextToken": "2"})
    result = {"Id": "rate", "Label": "l", "Values": [0.1, 0.2], "Timestamps": [1, 2]}
    return answer_json({"MetricDataResults": [{**result, "StatusCode": "Complete"}]})


def _sts(asked: Asked) -> Answer:
    assert asked.headers["accept"] == "application/json"
    assert asked.form["Action"] == "AssumeRole"
    if asked.form["RoleArn"] != ROLE:
        return Answer(b"not authorized to perform: sts:AssumeRole", 403)
    keys = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "role-key", "SessionToken": "role-token"}
    return answer_json({"AssumeRoleResponse": {"AssumeRoleResult": {"Credentials": keys}}})


def _skywalking(asked: Asked) -> Answer:
    assert asked.json["variables"]["duration"]["step"] == "MINUTE"
    return answer_json({"data": {"getLinearIntValues": {"values": [{"value": 3}]}}})


def _kayenta_configurations(_asked: Asked) -> Answer:
    return answer_json([{"id": "id-1", "name": "canary"}])


def _kayenta(asked: Asked) -> Answer:
    if asked.method == "POST":
        assert asked.path.endswith("/canary/id-1")
        return answer_json({"canaryExecutionId": CANARY})
    score = {"judgeResult": {"score": {"score": 95.0}}}
    return answer_json({"complete": True, "result": score})


def _token(asked: Asked) -> Answer:
    if not asked.headers.get("authorization", "").startswith("Basic "):
        return answer_json({"error": "invalid_client"}, 401)
    assert asked.form == {"grant_type": "client_credentials", "scope": "metrics"}
    return answer_json({"access_token": "fresh-token", "token_type": "bearer"})


def _protected(asked: Asked) -> Answer:
    is_known = asked.headers.get("authorization") == "Bearer fresh-token"
    return answer_json({"value": 7} if is_known else {}, 200 if is_known else 401)


_RULES: Mapping[str, Rule] = {
    "/prometheus/": _prometheus,
    "/datadog/": _datadog,
    "/newrelic": _new_relic,
    "/api/v2/chart/api": _wavefront,
    "/graphite/render": _graphite,
    "/influxdb/": _influxdb,
    "/cloudwatch": _cloudwatch,
    "/sts": _sts,
    "/skywalking/graphql": _skywalking,
    "/kayenta/canaryConfig": _kayenta_configurations,
    "/kayenta/canary/": _kayenta,
    "/token": _token,
    "/protected": _protected,
}
