"""Turns errors into answers: ``{"error": "<message>"}`` and the right status.

Source: Kargo's REST server, where every error is that object.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    MethodNotAllowed,
    NotAuthenticated,
)
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PlatformError,
    UpstreamError,
)

logger = logging.getLogger(__name__)

BAD_REQUEST = "bad_request"
"""The code of an :class:`InvalidError` about the request itself rather than a document in it."""
TOO_LARGE = "too_large"
"""The code of an :class:`InvalidError` about a body over its limit."""

NOT_CONFIGURED = "not_configured"
"""The code of an error about something that this installation is not set up for."""

_STATUS_OF_CODE = {
    BAD_REQUEST: HTTPStatus.BAD_REQUEST,
    "freight_not_available": HTTPStatus.BAD_REQUEST,
    NOT_CONFIGURED: HTTPStatus.NOT_IMPLEMENTED,
    "no_data": HTTPStatus.BAD_REQUEST,
    "not_requested": HTTPStatus.BAD_REQUEST,
    TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}
_STATUS_OF_KIND: Mapping[type[PlatformError], HTTPStatus] = {
    InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    UpstreamError: HTTPStatus.BAD_GATEWAY,
}


def exception_handler(error: Exception, context: Mapping[str, object]) -> Response:
    """Return the answer for whatever a view raised; DRF calls this.

    What nobody expected is logged with its traceback, and answered without a detail.
    """
    set_rollback()
    status, message = _status_and_message(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        view = type(context.get("view")).__name__
        logger.error("request failed", exc_info=error, extra={"view": view})
    response = Response({"error": message}, status=status)
    challenge = getattr(error, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    return response


def error_status(error: PlatformError) -> HTTPStatus:
    """Return the status that answers an error raised on purpose."""
    by_code = _STATUS_OF_CODE.get(error.code)
    if by_code is not None:
        return by_code
    kinds = (_STATUS_OF_KIND.get(kind) for kind in type(error).__mro__)
    return next((status for status in kinds if status), HTTPStatus.INTERNAL_SERVER_ERROR)


def error_message(error: PlatformError) -> str:
    """Return an error's message, with the fields it is about."""
    problems = error.problems if isinstance(error, InvalidError) else ()
    missing = [str(problem) for problem in problems if str(problem) not in error.message]
    return f"{error.message}: {'; '.join(missing)}" if missing else error.message


def _status_and_message(error: Exception) -> tuple[HTTPStatus, str]:
    match error:
        case PlatformError():
            status = error_status(error)
            hidden = status is HTTPStatus.INTERNAL_SERVER_ERROR
            return status, "internal server error" if hidden else error_message(error)
        case NotAuthenticated():
            return HTTPStatus.UNAUTHORIZED, "no token provided"
        case AuthenticationFailed():
            return HTTPStatus.UNAUTHORIZED, "invalid token"
        case MethodNotAllowed() | Http404():
            return HTTPStatus.NOT_FOUND, "not found"
        case _:
            return _from_frameworks(error)


def _from_frameworks(error: Exception) -> tuple[HTTPStatus, str]:
    match error:
        case PermissionDenied():
            return HTTPStatus.FORBIDDEN, str(error) or "forbidden"
        case RequestDataTooBig():
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request body too large"
        case SuspiciousOperation():
            return HTTPStatus.BAD_REQUEST, "the request is malformed, or has too many fields"
        case APIException():
            return HTTPStatus(error.status_code), str(error.detail)
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR, "internal server error"
