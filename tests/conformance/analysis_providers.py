"""Runs the cases of the metric providers that ask one question.

The inputs stand for a server or a client library; here they become what that would have sent.
"""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers import (
    cloudwatch,
    graphite,
    influxdb,
    newrelic,
    prometheus,
    wavefront,
    web,
)
from promotions.engine.analysis.providers.authentication import read_token
from promotions.engine.analysis.providers.catalogue import QUERIES
from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.engine.analysis.providers.exchange import ClientCredentials, Request, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import Result
from tests.conformance import analysis_providers_datadog, analysis_providers_lasting
from tests.conformance.analysis_providers_asking import (
    NOW,
    Document,
    Runner,
    answer,
    json_answer,
    measure,
    metric_of,
    shown,
)

_TOKENS = "$OAUTH"
_ADDRESS = "http://127.0.0.1:9090"


def _web(document: Document) -> Document:
    configuration = {"url": _ADDRESS, **document["web"]}
    inquiry = Inquiry(metric_of(document, web.KIND, configuration), NOW)
    sent: dict[str, Any] = {}

    def find() -> Result:
        request = web.request(inquiry)
        sent.update(_sent(request))
        return web.interpret(inquiry, answer(document))

    return {**shown(measure(document, inquiry, find)), "request": sent}


def _sent(request: Request) -> dict[str, Any]:
    sent = {
        "method": request.method,
        "body": request.body,
        "contentType": request.headers.get("Content-Type", ""),
        "headers": request.headers,
    }
    if sent["contentType"] == "application/json":
        sent["json"] = json.loads(request.body)
    if isinstance(request.auth, ClientCredentials):
        sent["authorization"] = f"Bearer {read_token(_token_answer(request.auth))}"
    return sent


def _token_answer(credentials: ClientCredentials) -> Response:
    """Return what the upstream tests' token server answers under ``/ok``, and elsewhere."""
    if credentials.token_url == f"{_TOKENS}/ok":
        return json_answer({"access_token": "MyAccessToken", "token_type": "bearer"})
    return Response(401, b"")


def _web_config(document: Document) -> Document:
    others = {key: it for key, it in document.items() if key != "oauth2"}
    authentication = {"oauth2": document.get("oauth2")}
    configuration = {"url": _ADDRESS, "authentication": authentication, **others}
    sent = web.request(Inquiry(Metric(provider={web.KIND: configuration}), NOW))
    return {"ok": True, "timeout": sent.timeout_seconds}


def _prometheus(document: Document) -> Document:
    given = {key: document[key] for key in ("query", "rangeQuery", "timeout") if key in document}
    configuration = {"address": _ADDRESS, "query": "test", **given}
    inquiry = Inquiry(metric_of(document, prometheus.KIND, configuration), NOW)
    document_sent = {
        "status": "success",
        "data": document.get("data"),
        "warnings": document.get("warnings"),
    }
    sent: dict[str, Any] = {}

    def find() -> Result:
        form = parse_qs(prometheus.request(inquiry).body)
        sent.update({key: _moment(form[key][0]) for key in ("start", "end") if key in form})
        sent["stepSeconds"] = float(form["step"][0]) if "step" in form else None
        return prometheus.interpret(inquiry, json_answer(document_sent))

    measurement = shown(measure(document, inquiry, find))
    metadata = {**prometheus.metadata(inquiry.metric), **measurement["metadata"]}
    return {**measurement, "request": sent, "metadata": metadata}


def _moment(epoch: str) -> str:
    return datetime.fromtimestamp(float(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _prometheus_config(document: Document) -> Document:
    metric = Metric(provider={prometheus.KIND: document["prometheus"]})
    timeout = prometheus.timeout_seconds(metric)
    prometheus.request(Inquiry(metric, NOW, document.get("env") or {}))
    return {"ok": True, "timeout": timeout, "metadata": prometheus.metadata(metric)}


def _newrelic(document: Document) -> Document:
    configuration = {"query": document.get("query", "")}
    inquiry = Inquiry(metric_of(document, newrelic.KIND, configuration), NOW)
    account = {"nrql": {"results": document.get("results")}}
    reply = json_answer({"data": {"actor": {"account": account}}})
    got = shown(measure(document, inquiry, lambda: newrelic.interpret(inquiry, reply)))
    return {**got, "metadata": {**newrelic.metadata(inquiry.metric), **got["metadata"]}}


def _newrelic_config(document: Document) -> Document:
    given = {key: document[key] for key in ("profile", "timeout") if key in document}
    metric = Metric(provider={newrelic.KIND: given})
    newrelic.timeout_seconds(metric)
    newrelic.account_of(_secret(document))
    return {"ok": True, "secretName": newrelic.secret_name(metric)}


def _secret(document: Document) -> Document:
    """Return the data of the secret; upstream's tests have one that cannot be got."""
    secret: Document | None = document.get("secret")
    if secret is None:
        raise ConfigurationError("secret not found")
    return secret


def _newrelic_timeout(document: Document) -> Document:
    metric = Metric(provider={newrelic.KIND: {"timeout": document.get("timeout")}})
    return {"timeout": newrelic.timeout_seconds(metric)}


def _skywalking(document: Document) -> Document:
    inquiry = Inquiry(metric_of(document, "skywalking", {}), NOW)
    reply = json_answer({"data": document.get("result")})
    query = QUERIES["skywalking"]
    return shown(measure(document, inquiry, lambda: query.interpret(inquiry, reply)))


def _wavefront(document: Document) -> Document:
    at = datetime.fromtimestamp(document.get("measuredAt", 0), UTC)
    inquiry = Inquiry(metric_of(document, wavefront.KIND, {}), at)
    reply = json_answer(
        {
            "timeseries": [{"data": points} for points in document.get("timeseries") or ()],
            "warnings": document.get("warnings", ""),
        }
    )
    return shown(measure(document, inquiry, lambda: wavefront.interpret(inquiry, reply)))


def _wavefront_closest(document: Document) -> Document:
    at = datetime.fromtimestamp(document["at"], UTC)
    found = wavefront.closest(document["points"], at=at)
    return {"value": found.value, "epoch": found.epoch, "drift": found.drift}


def _wavefront_config(document: Document) -> Document:
    wavefront.token_for(document["address"], dict.fromkeys(document.get("tokens") or (), "token"))
    return {"ok": True}


def _graphite(document: Document) -> Document:
    inquiry = Inquiry(metric_of(document, graphite.KIND, {}), NOW)
    points = [_pair(point) for point in document.get("points") or ()]
    reply = json_answer([{"target": "t", "datapoints": points}] if points else [])
    return shown(measure(document, inquiry, lambda: graphite.interpret(inquiry, reply)))


def _pair(point: object) -> object:
    return point if isinstance(point, list) else [point, 0]


def _graphite_query(document: Document) -> Document:
    configuration = {"address": _ADDRESS, "query": document["query"]}
    inquiry = Inquiry(Metric(provider={graphite.KIND: configuration}), NOW)
    parameters = parse_qs(urlsplit(graphite.request(inquiry).url).query)
    points = graphite.read_points(answer(document))
    return {
        "points": [[point.value, point.time] for point in points],
        "request": {key: values[0] for key, values in parameters.items()},
    }


def _graphite_config(document: Document) -> Document:
    graphite.request(Inquiry(Metric(provider={graphite.KIND: document}), NOW))
    return {"ok": True}


def _influxdb(document: Document) -> Document:
    inquiry = Inquiry(metric_of(document, influxdb.KIND, {}), NOW)
    values = document.get("values")

    def find() -> Result:
        if values is None:
            return influxdb.summarise(None)
        return influxdb.interpret(inquiry, _csv(values, document.get("columnType", "double")))

    return shown(measure(document, inquiry, find))


def _csv(values: list[object], column_type: str) -> Response:
    rows = [
        f"#datatype,string,long,{column_type}",
        "#group,false,false,false",
        "#default,_result,,",
        ",result,table,_value",
        *(f",,0,{value if isinstance(value, str) else json.dumps(value)}" for value in values),
    ]
    return Response(200, "\r\n".join([*rows, ""]).encode())


def _influxdb_config(document: Document) -> Document:
    influxdb.connection(_secret(document))
    return {"ok": True}


def _cloudwatch(document: Document) -> Document:
    configuration = {
        "metricDataQueries": document.get("metricDataQueries") or [],
        "interval": document.get("interval", ""),
    }
    inquiry = Inquiry(metric_of(document, cloudwatch.KIND, configuration), NOW)
    output = {
        "MetricDataResults": document.get("metricDataResults"),
        "Messages": document.get("messages"),
    }
    sent: list[object] = []

    def find() -> Result:
        sent.extend(cloudwatch.request(inquiry).queries)
        return cloudwatch.interpret(output)

    return {**shown(measure(document, inquiry, find)), "request": sent}


RUNNERS: dict[str, Runner] = {
    "provider_web": _web,
    "web_config": _web_config,
    "provider_prometheus": _prometheus,
    "prometheus_config": _prometheus_config,
    "provider_newrelic": _newrelic,
    "newrelic_config": _newrelic_config,
    "newrelic_timeout": _newrelic_timeout,
    "provider_skywalking": _skywalking,
    "provider_wavefront": _wavefront,
    "wavefront_closest": _wavefront_closest,
    "wavefront_config": _wavefront_config,
    "provider_graphite": _graphite,
    "graphite_query": _graphite_query,
    "graphite_config": _graphite_config,
    "provider_influxdb": _influxdb,
    "influxdb_config": _influxdb_config,
    "provider_cloudwatch": _cloudwatch,
    **analysis_providers_datadog.RUNNERS,
    **analysis_providers_lasting.RUNNERS,
}
