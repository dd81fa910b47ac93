"""What do all errors about a service's answers tell besides words?"""

from datetime import timedelta

from common.errors import UpstreamError


class AnsweredError(UpstreamError):
    """A service did not do what was asked.

    Attributes:
        status: HTTP status of its answer; 0 if there was none.
        retry_after: How long to wait before asking again; ``None`` if that is not known.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        status: int = 0,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, retryable=retryable, code=code)
        self.status = status
        self.retry_after = retry_after
