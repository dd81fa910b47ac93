"""A metric of an analysis: what to measure, how often, and how much failure to bear.

Source: Argo Rollouts ``v1alpha1.Metric``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.int_or_string import IntOrString, int_value
from promotions.engine.analysis.wire import Reader, without_empty, without_null

DEFAULT_CONSECUTIVE_ERROR_LIMIT = 4
PLUGIN = "plugin"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; its strings may hold ``{{args.x}}`` until they are substituted.

    Attributes:
        interval: Go duration between measurements; without one there is a single measurement.
        initial_delay: Go duration from the run's start to the first measurement.
        count: How many measurements are wanted.
        failure_limit: How many may fail; -1 is any number.
        consecutive_error_limit: How many in a row may go wrong, 4 if not given.
        consecutive_success_limit: How many successes in a row are enough; 0 is not used.
        provider: Its kind and configuration, ``{"prometheus": {...}}``.
    """

    name: str = ""
    interval: str = ""
    initial_delay: str = ""
    count: IntOrString | None = None
    success_condition: str = ""
    failure_condition: str = ""
    failure_limit: IntOrString | None = None
    inconclusive_limit: IntOrString | None = None
    consecutive_error_limit: IntOrString | None = None
    provider: JSONObject = field(default_factory=dict)
    consecutive_success_limit: IntOrString | None = None

    @property
    def effective_count(self) -> IntOrString | None:
        """How many measurements end the metric: one without an interval, ``None`` for any."""
        if int_value(self.count) != 0:
            return self.count
        return None if self.interval else 1


def read_metric(reader: Reader) -> Metric:
    """Return the metric that a manifest states.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    return Metric(
        name=reader.text("name"),
        interval=reader.text("interval"),
        initial_delay=reader.text("initialDelay"),
        count=reader.int_or_string("count"),
        success_condition=reader.text("successCondition"),
        failure_condition=reader.text("failureCondition"),
        failure_limit=reader.int_or_string("failureLimit"),
        inconclusive_limit=reader.int_or_string("inconclusiveLimit"),
        consecutive_error_limit=reader.int_or_string("consecutiveErrorLimit"),
        provider=reader.object("provider").document,
        consecutive_success_limit=reader.int_or_string("consecutiveSuccessLimit"),
    )


def write_metric(metric: Metric) -> dict[str, JSONValue]:
    """Return the metric as a manifest states it, fields in the order Argo declares them."""
    texts = {
        "name": metric.name,
        "interval": metric.interval,
        "initialDelay": metric.initial_delay,
    }
    conditions = {
        "successCondition": metric.success_condition,
        "failureCondition": metric.failure_condition,
    }
    limits = {
        "failureLimit": metric.failure_limit,
        "inconclusiveLimit": metric.inconclusive_limit,
        "consecutiveErrorLimit": metric.consecutive_error_limit,
    }
    last = {"consecutiveSuccessLimit": metric.consecutive_success_limit}
    return {
        "name": metric.name,
        **without_empty(texts),
        **without_null({"count": metric.count}),
        **without_empty(conditions),
        **without_null(limits),
        "provider": _in_declared_order(metric.provider),
        **without_null(last),
    }


def _in_declared_order(provider: JSONObject) -> dict[str, JSONValue]:
    return {kind: _sorted_fields(kind, provider[kind]) for kind in sorted(provider, key=_rank)}


def _sorted_fields(kind: str, configuration: JSONValue) -> JSONValue:
    order = _PROVIDER_FIELDS.get(kind)
    if order is None or not isinstance(configuration, Mapping):
        return configuration
    known = {name: configuration[name] for name in order if name in configuration}
    return {**known, **configuration}


def _rank(kind: str) -> int:
    return _PROVIDERS.index(kind) if kind in _PROVIDERS else len(_PROVIDERS)


_PROVIDER_FIELDS: Mapping[str, tuple[str, ...]] = {
    "prometheus": (
        *("address", "query", "authentication", "timeout"),
        *("insecure", "headers", "rangeQuery"),
    ),
    "kayenta": (
        *("address", "application", "canaryConfigName", "metricsAccountName"),
        *("configurationAccountName", "storageAccountName", "threshold", "scopes", "lookback"),
    ),
    "web": (
        *("method", "url", "headers", "body", "timeoutSeconds"),
        *("jsonPath", "insecure", "jsonBody", "authentication"),
    ),
    "datadog": (
        *("interval", "query", "queries", "formula", "apiVersion"),
        *("aggregator", "secretRef", "requestTimeout"),
    ),
    "wavefront": ("address", "query"),
    "newRelic": ("profile", "query", "timeout"),
    "job": ("metadata", "spec"),
    "cloudWatch": ("interval", "metricDataQueries"),
    "graphite": ("address", "query"),
    "influxdb": ("profile", "query"),
    "skywalking": ("address", "query", "interval"),
}
"""The order of providers and of their fields: of several unknown arguments the last is told."""

_PROVIDERS = (*_PROVIDER_FIELDS, PLUGIN)
PROVIDERS = frozenset(_PROVIDERS)
