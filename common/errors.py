"""The errors that the platform raises on purpose.

::

    PlatformError
    ├── InvalidError      what the caller sent is wrong            (422, or 400 for a bad request)
    ├── ForbiddenError    the caller may not                       (403)
    ├── NotFoundError     it is not there, or not for this caller  (404)
    ├── ConflictError     it is not in a state that allows it      (409)
    └── UpstreamError     a remote system failed                   (502)

``common.rest`` alone turns them into HTTP status codes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing wrong with one field.

    Attributes:
        path: Dotted path from the document's root, such as ``spec.interval``.
        reason: What was expected, in words.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class PlatformError(Exception):
    """Root of the errors that carry a message for a person.

    Attributes:
        code: Stable identifier for programs, in snake case.
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class InvalidError(PlatformError):
    """The caller's input is wrong; ``problems`` say where."""

    code = "invalid"

    def __init__(
        self, message: str, *, code: str | None = None, problems: tuple[FieldProblem, ...] = ()
    ) -> None:
        super().__init__(message, code=code)
        self.problems = problems


class ForbiddenError(PlatformError):
    """The caller is known and may not do this."""

    code = "forbidden"


class NotFoundError(PlatformError):
    """The thing does not exist, or not for this caller."""

    code = "not_found"


class ConflictError(PlatformError):
    """The thing is not in a state that allows this, or somebody else was first."""

    code = "conflict"


class UpstreamError(PlatformError):
    """A remote system refused, failed or did not answer."""

    code = "upstream"

    def __init__(self, message: str, *, retryable: bool, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retryable = retryable
