"""One measurement to be taken: of what, when, and with whose credentials."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.engine.analysis.wire import Reader


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a provider needs to know to make a request and to understand the response.

    Attributes:
        metric: With its arguments substituted.
        now: When the measurement starts.
        credentials: The data of the provider's secret, or of the environment in its place.
        run_started_at: When the analysis run started, if it has.
    """

    metric: Metric
    now: datetime
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    run_started_at: datetime | None = None

    def configuration(self, kind: str) -> Reader:
        """Return a reader of the metric's provider.

        Raises:
            InvalidError: It is no object.
        """
        return configuration_of(self.metric, kind)


def configuration_of(metric: Metric, kind: str) -> Reader:
    """Return a reader of what the metric says to its provider.

    Raises:
        InvalidError: It is no object.
    """
    return Reader.of(metric.provider.get(kind), f"provider.{kind}")


def timeout_of(metric: Metric, kind: str, *, default: int) -> int:
    """Return for how many seconds a provider may work on the query; 0 is no limit of its own.

    Raises:
        ConfigurationError: It is negative.
    """
    timeout = configuration_of(metric, kind).integer("timeout")
    if timeout is None:
        return default
    if timeout < 0:
        raise ConfigurationError(f"{kind.lower()} timeout should not be negative")
    return timeout
