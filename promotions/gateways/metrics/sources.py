"""Measures metrics: puts providers' questions to their sources over HTTP, and reads the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from common.errors import PlatformError, UpstreamError
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers import cloudwatch, datadog, kayenta, prometheus
from promotions.engine.analysis.providers.catalogue import KINDS, QUERIES, Query
from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.engine.analysis.providers.exchange import Request, Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.measuring import failed, measured, progressed
from promotions.engine.analysis.providers.results import Progress, Result
from promotions.engine.analysis.reconcile import Measured
from promotions.engine.analysis.tasks import TaskKind
from promotions.gateways.metrics.cloudwatch import metric_data
from promotions.gateways.metrics.exchange import Exchange
from promotions.ports.metrics import Order

_TIMEOUT = "upstream_timeout"


@dataclass(frozen=True, slots=True)
class HttpMetricSources:
    """Satisfies :class:`promotions.ports.metrics.MetricSources`."""

    exchange: Exchange
    clock: Callable[[], datetime]

    def measure(self, order: Order) -> Measured:
        """Ask the metric's provider; what goes wrong is a measurement in error."""
        metric = order.task.metric
        kind = next(iter(metric.provider), "")
        inquiry = Inquiry(metric, order.now, order.credentials, order.run_started_at)
        begun = order.task.measurement or Measurement(started_at=order.now)
        try:
            metadata = QUERIES[kind].metadata(metric) if kind in QUERIES else {}
            if kind == kayenta.KIND:
                return Measured(self._canary(inquiry, order, begun))
            if order.task.kind is not TaskKind.MEASURE:
                return Measured(begun)  # nothing of these is ever in flight
            result = self._result(kind, inquiry)
        except PlatformError as error:
            return Measured(failed(begun, error, now=self.clock()), _metadata(kind, metric))
        return Measured(measured(metric, result, begun=begun, now=self.clock()), metadata)

    def _result(self, kind: str, inquiry: Inquiry) -> Result:
        if kind == cloudwatch.KIND:
            asked = cloudwatch.request(inquiry)
            return cloudwatch.interpret(metric_data(asked, inquiry, exchange=self.exchange))
        if kind not in QUERIES:
            known = ", ".join(sorted(KINDS))
            raise ConfigurationError(f'no provider "{kind}" is available; known are {known}')
        return self._asked(QUERIES[kind], kind, inquiry)

    def _asked(self, query: Query, kind: str, inquiry: Inquiry) -> Result:
        request = query.request(inquiry)
        try:
            response = self._send(request, inquiry)
            second = (
                prometheus.second_request(request, response) if kind == prometheus.KIND else None
            )
            if second is not None:
                response = self._send(second, inquiry)
        except UpstreamError as error:
            if kind != datadog.KIND or error.code == "metric_provider_failed":
                raise
            is_timeout = error.code == _TIMEOUT
            raise datadog.unanswered(inquiry, error.message, is_timeout=is_timeout) from error
        return query.interpret(inquiry, response)

    def _canary(self, inquiry: Inquiry, order: Order, begun: Measurement) -> Measurement:
        if order.task.kind is TaskKind.TERMINATE:
            return begun  # Kayenta goes on; nothing looks at it any more
        if order.task.kind is TaskKind.RESUME:
            answer = self._send(kayenta.score_request(inquiry, begun), inquiry)
            progress = kayenta.read_score(inquiry, begun, answer)
        else:
            found = self._found_canary(inquiry, order.mark) if order.is_again else None
            progress = found or self._started_canary(inquiry, order.mark)
        return progressed(begun, progress, now=self.clock())

    def _started_canary(self, inquiry: Inquiry, mark: str) -> Progress:
        """Start a canary; where it is not known whether that went well, look for it."""
        known = self._send(kayenta.lookup_request(inquiry), inquiry)
        identifier = kayenta.read_lookup(inquiry, known)
        request = kayenta.start_request(inquiry, identifier, mark=mark)
        try:
            started = self._send(request, inquiry)
        except UpstreamError:
            found = self._found_canary(inquiry, mark) if mark else None
            if found is None:
                raise
            return found
        return kayenta.read_start(inquiry, started)

    def _found_canary(self, inquiry: Inquiry, mark: str) -> Progress | None:
        answer = self._send(kayenta.executions_request(inquiry), inquiry)
        return kayenta.read_executions(inquiry, answer, mark=mark)

    def _send(self, request: Request, inquiry: Inquiry) -> Response:
        return self.exchange.send(request, credentials=inquiry.credentials)


def _metadata(kind: str, metric: Metric) -> Mapping[str, str]:
    """Return what is kept with a metric whose measurement failed, if that much can be said."""
    try:
        return QUERIES[kind].metadata(metric) if kind in QUERIES else {}
    except PlatformError:
        return {}
