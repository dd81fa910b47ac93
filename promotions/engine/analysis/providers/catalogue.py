"""Which module speaks for which kind of provider.

Most kinds ask one question over HTTP; these share a shape and are in ``QUERIES``. CloudWatch is
asked through AWS's own client, and jobs and Kayenta take longer than one request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers import (
    cloudwatch,
    datadog,
    graphite,
    influxdb,
    job,
    kayenta,
    newrelic,
    prometheus,
    skywalking,
    wavefront,
    web,
)
from promotions.engine.analysis.providers.exchange import Request, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.results import Result


def no_secret(_metric: Metric) -> str:
    """Return the name of the secret that the metric needs: there is none."""
    return ""


def no_metadata(_metric: Metric) -> dict[str, str]:
    """Return what is kept with the metric: nothing."""
    return {}


@dataclass(frozen=True, slots=True)
class Query:
    """A provider that makes one request and understands one response.

    Attributes:
        request: Raises InvalidError.
        interpret: Raises ResponseError.
        secret_name: The secret whose data are the inquiry's credentials, empty for none.
        metadata: What is kept with the metric.
    """

    request: Callable[[Inquiry], Request]
    interpret: Callable[[Inquiry, Response], Result]
    secret_name: Callable[[Metric], str] = no_secret
    metadata: Callable[[Metric], dict[str, str]] = no_metadata


def _wavefront_secret(_metric: Metric) -> str:
    return wavefront.SECRET


QUERIES: Mapping[str, Query] = {
    datadog.KIND: Query(datadog.request, datadog.interpret),
    graphite.KIND: Query(graphite.request, graphite.interpret),
    influxdb.KIND: Query(influxdb.request, influxdb.interpret, influxdb.secret_name),
    newrelic.KIND: Query(
        newrelic.request, newrelic.interpret, newrelic.secret_name, newrelic.metadata
    ),
    prometheus.KIND: Query(prometheus.request, prometheus.interpret, metadata=prometheus.metadata),
    skywalking.KIND: Query(skywalking.request, skywalking.interpret),
    wavefront.KIND: Query(wavefront.request, wavefront.interpret, _wavefront_secret),
    web.KIND: Query(web.request, web.interpret),
}

LASTING = frozenset({job.KIND, kayenta.KIND})
"""Kinds whose measurements are resumed until they are done."""

KINDS = frozenset({*QUERIES, *LASTING, cloudwatch.KIND})
"""All kinds but plugins."""
