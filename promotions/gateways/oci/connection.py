"""Sends requests to one registry: authenticates, obeys limits, and puts failures in words."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import urljoin, urlsplit

from common.egress import EgressPolicy
from common.errors import InvalidError, NotFoundError, UpstreamError
from common.http import Client, Content, Limits, Received, Response, client
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.references import ImageReference, parse_reference
from promotions.gateways.oci.failures import RegistryBusyError, explanation, seconds_in
from promotions.gateways.oci.limits import HostLimiter
from promotions.gateways.oci.tokens import Challenge, basic
from promotions.ports.credentials import Credential
from promotions.ports.oci import Repository

MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
"""Largest manifest, as in the OCI distribution specification."""

TIMEOUT_SECONDS = 30.0
_TOKEN_LIFE_SECONDS = 60
_TOKEN_MARGIN_SECONDS = 10
_REDIRECT = 300
_BAD_REQUEST = 400
_UNAUTHORISED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_TOO_MANY = 429
_SERVER_ERROR = 500

AuthorisationKey = tuple[str, str, str, str]
"""Registry, repository, who asks, and for what."""


class _Answer(Protocol):
    """What every response has."""

    @property
    def status(self) -> int: ...

    def header(self, name: str) -> str: ...


AnswerT = TypeVar("AnswerT", bound=_Answer)


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
        self._authorisations: dict[AuthorisationKey, tuple[str, float]] = {}

    def client(self, *, verify_tls: bool) -> Client:
        """Return the shared client that does or does not check certificates."""
        with self._lock:
            if verify_tls not in self._clients:
                self._clients[verify_tls] = client(self.settings.policy, verify_tls=verify_tls)
            return self._clients[verify_tls]

    def wait(self, host: str) -> None:
        """Return when the host may be asked once more."""
        self._limiter.wait(host)

    def authorisation(self, key: AuthorisationKey) -> str:
        """Return the ``Authorization`` value that worked before, or the empty string."""
        with self._lock:
            value, expires_at = self._authorisations.get(key, ("", 0.0))
            return value if self._clock() < expires_at else ""

    def remember(self, key: AuthorisationKey, value: str, *, seconds: float) -> None:
        """Keep an ``Authorization`` value for a while."""
        with self._lock:
            now = self._clock()
            self._authorisations = {
                known: kept for known, kept in self._authorisations.items() if kept[1] > now
            }
            self._authorisations[key] = (value, now + seconds)


class RegistryConnection:
    """Speaks to one repository of one registry.

    Args:
        connections: What all repositories share.
        repository: Which one, and as whom.
        scopes: What is to be done beside pulling, as token services call it.
    """

    def __init__(
        self, connections: Connections, repository: Repository, *, scopes: Iterable[str] = ()
    ) -> None:
        self._connections = connections
        self._repository = repository
        self.reference = _reference(repository.url)
        self.host = self.reference.registry
        insecure = self.host in connections.settings.insecure_hosts
        self._base = f"{'http' if insecure else 'https'}://{self.host}"
        self._scopes = tuple(scopes) or (f"repository:{self.reference.repository}:pull",)

    def url(self, path: str) -> str:
        """Return the address of a path below the repository, such as ``tags/list``."""
        return f"{self._base}/v2/{self.reference.repository}/{path}"

    def located(self, response: Response) -> str:
        """Return where a response says to go on; on this host never less safely.

        Raises:
            UpstreamError: It does not say.
        """
        location = response.header("Location")
        try:
            target = urlsplit(urljoin(response.url, location) if location else "")
        except ValueError:
            target = urlsplit("")
        if not target.netloc:
            raise self._failed(response.status, "it does not say where to upload to")
        if target.netloc == self.host:
            target = target._replace(scheme=urlsplit(self._base).scheme)
        return target.geturl()

    def get(self, url: str, *, accept: str = "*/*", method: str = "GET") -> Response:
        """Return a successful response, or one that says 404.

        Raises:
            UpstreamError: The registry refused, failed, or is out of reach.
        """
        headers = (("Accept", accept),)
        response = self._asked(
            lambda granted: self._client().request(
                method, url, headers=self._headers(headers, url, granted), limits=self._limits()
            )
        )
        self.check(response, detail=response.content)
        return response

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        content: Callable[[], Content] = bytes,
        timeout_seconds: float | None = None,
    ) -> Response:
        """Send something and return the response, whatever its status, unless it is refused.

        Args:
            method: The HTTP method.
            url: Any address that the registry has named.
            headers: Header fields.
            content: Makes the body anew each time that it has to be sent.
            timeout_seconds: For everything.

        Raises:
            UpstreamError: The registry is out of reach, or refuses who is asking.
        """
        seconds = timeout_seconds or self._connections.settings.timeout_seconds
        limits = Limits(seconds, MAX_DOCUMENT_BYTES, max_redirects=0)
        fields = tuple(headers)
        return self._asked(
            lambda granted: self._client().request(
                method,
                url,
                headers=self._headers(fields, url, granted),
                content=content(),
                limits=limits,
            )
        )

    @contextmanager
    def stream(
        self, url: str, *, headers: Iterable[tuple[str, str]] = (), limits: Limits
    ) -> Iterator[Received]:
        """Give a successful response, or one that says 404, before its body is read."""
        fields = tuple(headers)
        with ExitStack() as stack:
            received = self._asked(
                lambda granted: stack.enter_context(
                    self._client().stream(
                        "GET", url, headers=self._headers(fields, url, granted), limits=limits
                    )
                )
            )
            self.check(received)
            yield received

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

    def _key(self) -> AuthorisationKey:
        return (self.host, self.reference.repository, self.identity, " ".join(self._scopes))

    def _asked(self, perform: Callable[[str], AnswerT]) -> AnswerT:
        """Return what is answered to a request, made again if it has to be authorised first."""
        self._connections.wait(self.host)
        answer = perform(self._known())
        if answer.status == _UNAUTHORISED:
            granted = self._authorised(Challenge.parse(answer.header("WWW-Authenticate")))
            self._connections.wait(self.host)
            answer = perform(granted)
        if answer.status in {_UNAUTHORISED, _FORBIDDEN}:
            raise self._refused()
        return answer

    def _headers(
        self, headers: tuple[tuple[str, str], ...], url: str, granted: str
    ) -> tuple[tuple[str, str], ...]:
        """Return header fields, with the authorisation if the address is the registry's own."""
        is_own = url.startswith(f"{self._base}/")
        return (*headers, ("Authorization", granted)) if granted and is_own else headers

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
            params=challenge.parameters(self._scopes),
            limits=self._limits(),
        )
        self.check(response)
        answer = self.document(response)
        token = as_text(answer.get("token")) or as_text(answer.get("access_token"))
        if not token:
            raise self._refused()
        life = answer.get("expires_in")
        seconds = life if isinstance(life, int | float) else _TOKEN_LIFE_SECONDS
        return token, max(seconds - _TOKEN_MARGIN_SECONDS, 0)

    def _may_show_credential(self, realm: str) -> bool:
        """Return whether the token service is as safe to speak to as the registry itself."""
        try:
            parts = urlsplit(realm)
        except ValueError:
            return False
        return parts.scheme == "https" or (
            self._base.startswith("http:")
            and parts.netloc in self._connections.settings.insecure_hosts
        )

    def check(self, answer: _Answer, *, detail: bytes = b"") -> None:
        """Raise unless a response is a success or says 404; ``detail`` is its body, for words."""
        status = answer.status
        if status in {_UNAUTHORISED, _FORBIDDEN}:
            raise self._refused()
        if status == _TOO_MANY:
            raise RegistryBusyError(
                f"The registry {self.host} says that it is asked too often; it is tried later.",
                retry_after=seconds_in(answer.header("Retry-After")),
            )
        if _REDIRECT <= status < _BAD_REQUEST or (status >= _BAD_REQUEST and status != _NOT_FOUND):
            raise self._failed(status, explanation(detail))

    def _failed(self, status: int, explanation: str) -> UpstreamError:
        words = f" ({explanation})" if explanation else ""
        return UpstreamError(
            f"The registry {self.host} answered with status {status}{words}.",
            retryable=status >= _SERVER_ERROR,
            code="registry_error",
        )

    def _refused(self) -> UpstreamError:
        how = "the credential given" if self._repository.credential else "anonymous access"
        return UpstreamError(
            f"The registry {self.host} refused {how} to {self.reference.repository};"
            " check the credentials that the project has for it.",
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
