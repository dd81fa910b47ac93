"""Runs the cases of the metric provider Datadog."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from promotions.engine.analysis.providers import datadog
from promotions.engine.analysis.providers.datadog_columns import (
    Column,
    Group,
    extract_values,
    groups_metadata,
)
from promotions.engine.analysis.providers.exchange import Request
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import Result
from promotions.engine.analysis.wire import Reader
from tests.conformance.analysis_providers_asking import (
    Document,
    Runner,
    answer,
    measure,
    metric_of,
    shown,
)

_KEYS = {"api-key": "key", "app-key": "application"}
_QUERY = "avg:kubernetes.cpu.user.total{*}"


def _version_1(document: Document) -> Document:
    return _measured(document, {"apiVersion": "v1", "query": _QUERY})


def _version_2(document: Document) -> Document:
    configuration = {"apiVersion": "v2", "query": _QUERY}
    return _measured(document, {**configuration, "aggregator": document.get("aggregator") or ""})


def _measured(document: Document, common: Document) -> Document:
    given = {key: document[key] for key in ("query", "queries", "formula") if key in document}
    base = {key: it for key, it in common.items() if key != "query" or "queries" not in given}
    configuration = {**base, "interval": document.get("interval", "5m"), **given}
    now = datetime.fromtimestamp(document.get("now", 0), UTC)
    keys = {**_KEYS, "address": document.get("address", "")}
    inquiry = Inquiry(metric_of(document, datadog.KIND, configuration), now, keys)
    sent: dict[str, Any] = {}

    def find() -> Result:
        sent.update(_sent(datadog.request(inquiry)))
        return datadog.interpret(inquiry, answer(document))

    measurement = shown(measure(document, inquiry, find))
    groups = measurement["metadata"].get("groups")
    return {
        **measurement,
        "request": sent,
        "aggregator": sent.get("aggregator"),
        "groups": groups and json.loads(groups),
    }


def _sent(request: Request) -> dict[str, Any]:
    url = urlsplit(request.url)
    sent: dict[str, Any] = {"method": request.method, "path": url.path}
    if request.method == "GET":
        form = {key: values[0] for key, values in parse_qs(url.query).items()}
        return {**sent, **form, "from": int(form["from"]), "to": int(form["to"])}
    attributes = json.loads(request.body)["data"]["attributes"]
    aggregators = {query["aggregator"] for query in attributes["queries"]}
    return {**sent, **attributes, "aggregator": ",".join(aggregators)}


def _extract(document: Document) -> Document:
    columns = [
        Column(it.get("name", ""), it.get("type", ""), it["values"])
        for it in document.get("columns") or ()
    ]
    found = extract_values(columns)
    groups = [{"name": it.name, "value": it.value} for it in found.groups]
    return {
        "values": list(found.values),
        "groups": groups if found.is_grouped else None,
        "grouped": found.is_grouped,
    }


def _groups_metadata(document: Document) -> Document:
    """Each group's value is its number; what is kept is told by names."""
    metadata = groups_metadata([Group(f"g{number}", number) for number in range(document["n"])])
    kept = [group["name"] for group in json.loads(metadata["groups"])]
    return {"kept": len(kept), "truncated": "groups_truncated" in metadata, "names": kept}


def _validate(document: Document) -> Document:
    datadog.check(Reader.of(document["datadog"]))
    return {"ok": True}


RUNNERS: dict[str, Runner] = {
    "provider_datadog_v1": _version_1,
    "provider_datadog_v2": _version_2,
    "datadog_extract": _extract,
    "datadog_groups_metadata": _groups_metadata,
    "datadog_validate": _validate,
}
