"""Why a metric cannot be measured; the texts are those of Argo Rollouts.

::

    InvalidError
    └── ConfigurationError    the metric or the credentials are wrong
    UpstreamError
    └── ResponseError         what the metric's source answered cannot be used
"""

from collections.abc import Mapping

from common.errors import InvalidError, UpstreamError


class ConfigurationError(InvalidError):
    """The metric or its credentials do not allow a request."""

    code = "invalid_metric_provider"


class ResponseError(UpstreamError):
    """The source of a metric refused, or answered what cannot be understood.

    Attributes:
        metadata: What is to be kept with the measurement all the same.
    """

    code = "metric_provider_failed"

    def __init__(self, message: str, *, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message, retryable=True)
        self.metadata = dict(metadata or {})
