"""What is sent to the source of a metric and what comes back, before anything is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from common.jsontypes import JSONValue
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.expressions.gojson import write_json

LARGEST_BODY_BYTES = 1 << 20
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class BasicAuth:
    """A user name and a password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """An OAuth 2 grant: the token fetched from ``token_url`` goes with the request."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AwsSignature:
    """An AWS signature, version 4; what is empty the environment says."""

    region: str = ""
    profile: str = ""
    role_arn: str = ""


Auth: TypeAlias = BasicAuth | ClientCredentials | AwsSignature


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    Attributes:
        headers: By name; they may hold credentials.
        verify_tls: Whether the server's certificate must be good.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = ""
    timeout_seconds: float = 10
    verify_tls: bool = True
    auth: Auth | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What an HTTP request brought; the gateway reads one byte more than is allowed at most."""

    status: int
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the status is between 200 and 299."""
        return 200 <= self.status < 300  # noqa: PLR2004  HTTP's own numbers

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced.

        Raises:
            ResponseError: It is larger than ``LARGEST_BODY_BYTES``.
        """
        if len(self.body) > LARGEST_BODY_BYTES:
            raise ResponseError(f"the response is larger than {LARGEST_BODY_BYTES} bytes")
        return self.body.decode(errors="replace")


def json_request(
    url: str, document: JSONValue, *, headers: Mapping[str, str], timeout_seconds: float
) -> Request:
    """Return a request that posts a JSON document."""
    return Request(
        method="POST",
        url=url,
        headers={"Content-Type": JSON_TYPE, **headers},
        body=write_json(document),
        timeout_seconds=timeout_seconds,
    )
