"""Sends requests to one registry: authenticates, obeys limits, and puts failures in words."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from common.egress import EgressPolicy
from common.errors import InvalidError, NotFoundError, UpstreamError
from common.http import Client, Limits, Response, client
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.references import ImageReference, parse_reference
from promotions.gateways.oci.limits import HostLimiter
from promotions.gateways.oci.tokens import Challenge, basic
from promotions.ports.credentials import Credential
from promotions.ports.oci import Repository

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
"""Largest manifest, as in the OCI distribution specification."""

TIMEOUT_SECONDS = 30.0
_TOKEN_LIFE_SECONDS = 60
_TOKEN_MARGIN_SECONDS = 10
_BAD_REQUEST = 400
_UNAUTHORISED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator says about registries.

    Attributes:
        insecure_hosts: Registries (``host:port``) spoken to over plain HTTP.
        timeout_seconds: For one request.
    """

    policy: EgressPolicy
    insecure_hosts: frozenset[str] = frozenset()
    timeout_seconds: float = TIMEOUT_SECONDS


class Connections:
    """Clients, limits and tokens that all repositories share; safe between threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        limiter: HostLimiter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._limiter = limiter or HostLimiter()
        self._clock = clock
        self._lock = threading.Lock()
        self._clients: dict[bool, Client] = {}
        self._authorisations: dict[tuple[str, str, str], tuple[str, float]] = {}

    def client(self, *, verify_tls: bool) -> Client:
        """Return the shared client that does or does not check certificates."""
        with self._lock:
            if verify_tls not in self._clients:
                self._clients[verify_tls] = client(self.settings.policy, verify_tls=verify_tls)
            return self._clients[verify_tls]

    def wait(self, host: str) -> None:
        """Return when the host may be asked once more."""
        self._limiter.wait(host)

    def authorisation(self, key: tuple[str, str, str]) -> str:
        """Return the ``Authorization`` value that worked before, or the empty string."""
        with self._lock:
            value, expires_at = self._authorisations.get(key, ("", 0.0))
            return value if self._clock() < expires_at else ""

    def remember(self, key: tuple[str, str, str], value: str, *, seconds: float) -> None:
        """Keep an ``Authorization`` value for a while."""
        with self._lock:
            now = self._clock()
            self._authorisations = {
                known: kept for known, kept in self._authorisations.items() if kept[1] > now
            }
            self._authorisations[key] = (value, now + seconds)


class RegistryConnection:
    """Reads from one repository of one registry."""

    def __init__(self, connections: Connections, repository: Repository) -> None:
        self._connections = connections
        self._repository = repository
        self.reference = _reference(repository.url)
        self.host = self.reference.registry
        insecure = self.host in connections.settings.insecure_hosts
        self._base = f"{'http' if insecure else 'https'}://{self.host}"

    def url(self, path: str) -> str:
        """Return the address of a path below the repository, such as ``tags/list``."""
        return f"{self._base}/v2/{self.reference.repository}/{path}"

    def get(self, url: str, *, accept: str = "*/*", method: str = "GET") -> Response:
        """Return a successful response, or one that says 404.

        Raises:
            UpstreamError: The registry refused, failed, or is out of reach.
        """
        response = self._sent(method, url, accept=accept, authorisation=self._known())
        if response.status == _UNAUTHORISED:
            granted = self._authorised(Challenge.parse(response.header("WWW-Authenticate")))
            response = self._sent(method, url, accept=accept, authorisation=granted)
        self._check(response)
        return response

    def document(self, response: Response) -> JSONObject:
        """Return a response's JSON object.

        Raises:
            UpstreamError: It is none.
        """
        return as_object(_parsed(response, self.host))

    @property
    def identity(self) -> str:
        """Return a fingerprint of who is asking; answers may be shared under the same one."""
        credential = self._repository.credential or Credential()
        joined = f"{credential.username}\0{credential.password}".encode()
        return hashlib.sha256(joined).hexdigest()

    def _known(self) -> str:
        return self._connections.authorisation(self._key())

    def _key(self) -> tuple[str, str, str]:
        return (self.host, self.reference.repository, self.identity)

    def _sent(self, method: str, url: str, *, accept: str, authorisation: str) -> Response:
        self._connections.wait(self.host)
        headers = [("Accept", accept)]
        if authorisation:
            headers.append(("Authorization", authorisation))
        return self._client().request(method, url, headers=headers, limits=self._limits())

    def _client(self) -> Client:
        return self._connections.client(verify_tls=self._repository.verify_tls)

    def _limits(self) -> Limits:
        return Limits(
            timeout_seconds=self._connections.settings.timeout_seconds,
            max_bytes=MAX_DOCUMENT_BYTES,
        )

    def _authorised(self, challenge: Challenge) -> str:
        """Return the ``Authorization`` value that answers a challenge, and remember it."""
        if challenge.scheme == "bearer" and challenge.realm:
            token, seconds = self._token(challenge)
            granted = f"Bearer {token}"
        elif self._repository.credential is not None:
            granted, seconds = basic(self._repository.credential), _TOKEN_LIFE_SECONDS
        else:
            raise self._refused()
        self._connections.remember(self._key(), granted, seconds=seconds)
        return granted

    def _token(self, challenge: Challenge) -> tuple[str, float]:
        headers = [("Accept", "application/json")]
        if self._repository.credential is not None and self._may_show_credential(challenge.realm):
            headers.append(("Authorization", basic(self._repository.credential)))
        response = self._client().request(
            "GET",
            challenge.realm,
            headers=headers,
            params=challenge.parameters(repository=self.reference.repository),
            limits=self._limits(),
        )
        self._check(response)
        answer = self.document(response)
        token = as_text(answer.get("token")) or as_text(answer.get("access_token"))
        if not token:
            raise self._refused()
        life = answer.get("expires_in")
        seconds = life if isinstance(life, int | float) else _TOKEN_LIFE_SECONDS
        return token, max(seconds - _TOKEN_MARGIN_SECONDS, 0)

    def _may_show_credential(self, realm: str) -> bool:
        """Return whether the token service is as safe to speak to as the registry itself."""
        parts = urlsplit(realm)
        return parts.scheme == "https" or (
            self._base.startswith("http:")
            and parts.netloc in self._connections.settings.insecure_hosts
        )

    def _check(self, response: Response) -> None:
        status = response.status
        if status in {_UNAUTHORISED, _FORBIDDEN}:
            raise self._refused()
        if status == _TOO_MANY:
            raise UpstreamError(
                f"The registry {self.host} says that it is asked too often; it is tried later.",
                retryable=True,
                code="registry_limit",
            )
        if status >= _BAD_REQUEST and status != _NOT_FOUND:
            raise UpstreamError(
                f"The registry {self.host} answered with status {status}.",
                retryable=status >= _SERVER_ERROR,
                code="registry_error",
            )

    def _refused(self) -> UpstreamError:
        how = "the credential given" if self._repository.credential else "anonymous access"
        return UpstreamError(
            f"The registry {self.host} refused {how} to {self.reference.repository};"
            " check the image credentials of the project.",
            retryable=False,
            code="registry_auth",
        )

    def missing(self) -> NotFoundError:
        """Return the error for a repository that is not there."""
        return NotFoundError(
            f"The registry {self.host} has no repository {self.reference.repository};"
            " check the repository URL, and the credentials if it is private.",
            code="repository_unknown",
        )


def _reference(url: str) -> ImageReference:
    reference = parse_reference(url.removeprefix("oci://"))
    # References read a scheme as a registry with an empty port.
    if reference is None or reference.tag or reference.digest or reference.registry.endswith(":"):
        raise InvalidError(f"{url!r} is not an image repository; write registry/repository.")
    return reference


def _parsed(response: Response, host: str) -> JSONValue:
    try:
        value: JSONValue = json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise UpstreamError(
            f"The registry {host} sent something that is not JSON.",
            retryable=True,
            code="registry_error",
        ) from error
    return value
