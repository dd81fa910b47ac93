"""Sends what allauth asks GitHub, GitLab and Google through the one door to HTTP.

So the egress policy holds for every address, a service that hangs or floods costs little, and
nothing is sent on after a redirect: what is asked carries the client's secret or somebody's token.
"""

import io
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from requests import PreparedRequest, Response, Session  # noqa: TID251 - allauth takes no other; what is sent goes through common.http
from requests.adapters import BaseAdapter  # noqa: TID251 - as above
from requests.exceptions import ConnectionError as UnreachableError  # noqa: TID251 - as above
from requests.structures import CaseInsensitiveDict  # noqa: TID251 - as above

from common.errors import PlatformError
from common.http import Response as Answer
from rbac.oidc.documents import LIMITS, http_client

_OWN_HEADERS: Final = frozenset({"connection", "content-length", "accept-encoding", "host"})
"""What the client that sends says by itself."""


class CheckedAdapter(BaseAdapter):
    """Sends a request under the egress policy, with a deadline and a largest answer."""

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Return the answer, whatever its status, but for one that leads elsewhere.

        Raises:
            UnreachableError: It may not be sent, or there is no answer to be had.
        """
        try:
            answer = http_client().request(
                str(request.method),
                str(request.url),
                headers=_sent(request.headers.items()),
                content=_body(request),
                limits=LIMITS,
            )
        except PlatformError as error:
            raise UnreachableError(error.message) from error
        if HTTPStatus(300) <= answer.status < HTTPStatus(400):
            raise UnreachableError("The service redirects, which is not followed.")
        return _answered(request, answer)

    def close(self) -> None:
        """Leave the connections to the client, which others share."""


def checked_session() -> Session:
    """Return a session of the library whose every request is sent by :class:`CheckedAdapter`."""
    session = Session()
    session.trust_env = False
    session.adapters.clear()
    session.mount("https://", CheckedAdapter())
    session.mount("http://", CheckedAdapter())
    return session


def _sent(headers: Iterable[tuple[str, str | bytes]]) -> list[tuple[str, str]]:
    return [
        (name, value.decode("latin-1") if isinstance(value, bytes) else value)
        for name, value in headers
        if name.lower() not in _OWN_HEADERS
    ]


def _body(request: PreparedRequest) -> bytes:
    body = request.body or b""
    if isinstance(body, str):
        return body.encode()
    if not isinstance(body, bytes):
        raise UnreachableError("Only whole bodies are sent.")
    return body


def _answered(request: PreparedRequest, answer: Answer) -> Response:
    headers: Mapping[str, str] = dict(reversed(answer.headers))
    response = Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = io.BytesIO(answer.content)
    response.encoding = "utf-8"
    response.url = answer.url
    response.request = request
    return response
