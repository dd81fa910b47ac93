"""Sends a metric provider's request: proves who asks, follows redirects, bounds time and size.

Whatever a request carries goes to the host that it names and to no other: a redirect to another
host is followed without any of its header fields, and not at all if it would repeat the body.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from urllib.parse import urljoin, urlsplit

from common.egress import EgressPolicy
from common.http import Limits, Response as HttpResponse, client
from common.redaction import note_secrets
from promotions.engine.analysis.providers.authentication import read_token, token_request
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import (
    LARGEST_BODY_BYTES,
    AwsSignature,
    BasicAuth,
    ClientCredentials,
    Request,
    Response,
)
from promotions.gateways.metrics.aws_roles import assumed
from promotions.gateways.metrics.aws_signature import AwsKeys, sign

MAX_REDIRECTS = 10
"""As many as Go follows."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REPEATS_BODY = frozenset({307, 308})
_KEPT_ELSEWHERE = frozenset({"accept", "user-agent"})
_FORBIDDEN_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PROMETHEUS_SERVICE = "aps"


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sends requests under one policy.

    Attributes:
        longest_seconds: No request takes longer, whatever the metric says.
        ca_certificates: PEM text of authorities to trust instead of the usual ones.
    """

    policy: EgressPolicy
    clock: Callable[[], datetime]
    longest_seconds: float = 60.0
    ca_certificates: str = field(default="", repr=False)

    def send(self, request: Request, *, credentials: Mapping[str, str]) -> Response:
        """Return the response, whatever its status.

        Raises:
            ConfigurationError: The request or its credentials are wrong.
            ResponseError: There is no token for it.
            UpstreamError: The host is refused, unreachable, slow or sends too much.
        """
        ready = self._authorised(request, credentials)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._sent(ready)
            location = response.header("Location")
            if response.status not in _REDIRECTS or not location:
                return Response(response.status, response.content)
            ready = _redirected(ready, response.status, location)
        raise ResponseError(f"stopped after {MAX_REDIRECTS} redirects")

    def _authorised(self, request: Request, credentials: Mapping[str, str]) -> Request:
        match request.auth:
            case None:
                return request
            case BasicAuth(username, password):
                note_secrets([password])
                pair = base64.b64encode(f"{username}:{password}".encode()).decode()
                return _with_header(request, "Authorization", f"Basic {pair}")
            case ClientCredentials():
                return _with_header(
                    request, "Authorization", f"Bearer {self._token(request, request.auth)}"
                )
            case AwsSignature():
                return self._signed(request, request.auth, credentials)

    def _token(self, request: Request, grant: ClientCredentials) -> str:
        note_secrets([grant.client_secret])
        asked = token_request(grant, timeout_seconds=request.timeout_seconds)
        answer = self._sent(replace(asked, verify_tls=request.verify_tls))
        token = read_token(Response(answer.status, answer.content))
        note_secrets([token])
        return token

    def _signed(
        self, request: Request, auth: AwsSignature, credentials: Mapping[str, str]
    ) -> Request:
        keys = AwsKeys.of(credentials, region=auth.region)
        if auth.role_arn:
            endpoint = credentials.get("sts-endpoint", "")
            ask = partial(self.send, credentials={})
            keys = assumed(keys, auth.role_arn, endpoint=endpoint, send=ask, at=self.clock())
            note_secrets([keys.secret_access_key, keys.session_token])
        headers = sign(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body.encode(),
            keys=keys,
            service=_PROMETHEUS_SERVICE,
            at=self.clock(),
        )
        return replace(request, headers=headers)

    def _sent(self, request: Request) -> HttpResponse:
        _check_headers(request.headers)
        limits = Limits(
            timeout_seconds=min(
                request.timeout_seconds or self.longest_seconds, self.longest_seconds
            ),
            max_bytes=LARGEST_BODY_BYTES,
            max_redirects=0,
        )
        with client(
            self.policy, verify_tls=request.verify_tls, ca_certificates=self.ca_certificates
        ) as connection:
            return connection.request(
                request.method,
                request.url,
                headers=tuple(request.headers.items()),
                content=request.body.encode(),
                limits=limits,
            )


def _with_header(request: Request, name: str, value: str) -> Request:
    others = {key: it for key, it in request.headers.items() if key.lower() != name.lower()}
    return replace(request, headers={**others, name: value})


def _redirected(request: Request, status: int, location: str) -> Request:
    """Return the request that follows a redirect."""
    url = urljoin(request.url, location)
    is_elsewhere = _origin(url) != _origin(request.url)
    repeats = status in _REPEATS_BODY
    if is_elsewhere and repeats and request.body:
        raise ResponseError(
            f"{urlsplit(request.url).hostname} redirects to another host, which is not sent the "
            "body of the request; name that host in the metric"
        )
    if isinstance(request.auth, AwsSignature):
        raise ResponseError("a signed request was redirected, which its signature does not cover")
    headers = request.headers
    if is_elsewhere:
        headers = {key: it for key, it in headers.items() if key.lower() in _KEPT_ELSEWHERE}
    if repeats:
        return replace(request, url=url, headers=headers)
    headers = {key: it for key, it in headers.items() if key.lower() != "content-type"}
    method = "HEAD" if request.method == "HEAD" else "GET"
    return replace(request, method=method, url=url, headers=headers, body="")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


def _check_headers(headers: Mapping[str, str]) -> None:
    """Say which header cannot be sent, without its value; Go's texts."""
    for name, value in headers.items():
        if _HEADER_NAME.fullmatch(name) is None:
            raise ConfigurationError("net/http: invalid header field name")
        if _FORBIDDEN_IN_HEADERS.search(value):
            raise ConfigurationError(f'net/http: invalid header field value for "{name}"')
