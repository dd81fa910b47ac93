"""How requests for metrics prove who they are, and which addresses they may name.

Source: Argo Rollouts ``v1alpha1.Authentication``, Go ``oauth2/clientcredentials`` and ``net/http``.
"""

import base64
from http import HTTPStatus
from urllib.parse import quote_plus, urlencode

from common.errors import InvalidError
from common.jsontypes import as_list, as_text
from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import (
    FORM_TYPE,
    BasicAuth,
    ClientCredentials,
    Request,
    Response,
)
from promotions.engine.analysis.providers.url_problems import parse_address
from promotions.engine.analysis.wire import Reader
from promotions.engine.goquote import go_quote
from promotions.engine.gourl import GoURL, parse_url

_SCHEMES = frozenset({"http", "https"})
_CANNOT_FETCH = "oauth2: cannot fetch token"


def client_credentials(configuration: Reader) -> ClientCredentials | None:
    """Return a metric's OAuth 2 credentials, ``None`` if it names no token URL.

    Raises:
        ConfigurationError: There is a token URL, and the client's id or secret is missing.
    """
    oauth2 = configuration.object("authentication").object("oauth2")
    if not oauth2.text("tokenUrl"):
        return None
    if not oauth2.text("clientId") or not oauth2.text("clientSecret"):
        raise ConfigurationError("missing mandatory parameter in metric for OAuth2 setup")
    return ClientCredentials(
        token_url=oauth2.text("tokenUrl"),
        client_id=oauth2.text("clientId"),
        client_secret=oauth2.text("clientSecret"),
        scopes=tuple(map(as_text, as_list(oauth2.document.get("scopes")))),
    )


def token_request(credentials: ClientCredentials, *, timeout_seconds: float) -> Request:
    """Return the request for an access token."""
    form = {"grant_type": "client_credentials"}
    if credentials.scopes:
        form["scope"] = " ".join(credentials.scopes)
    client = f"{quote_plus(credentials.client_id)}:{quote_plus(credentials.client_secret)}"
    return Request(
        method="POST",
        url=credentials.token_url,
        headers={
            "Content-Type": FORM_TYPE,
            "Authorization": f"Basic {base64.b64encode(client.encode()).decode()}",
        },
        body=urlencode(sorted(form.items())),
        timeout_seconds=timeout_seconds,
    )


def read_token(response: Response) -> str:
    """Return the access token that a token endpoint gave, for a header ``Bearer …``.

    Raises:
        ResponseError: It gave none; the message starts with ``oauth2: cannot fetch token``.
    """
    if not response.is_success:
        status = f"{response.status} {_phrase(response.status)}".rstrip()
        raise ResponseError(f"{_CANNOT_FETCH}: {status}\nResponse: {response.text}")
    try:
        token = Decoded(decode(response.text), "internal.tokenJSON").member("access_token").text()
    except ResponseError as error:
        raise ResponseError(f"{_CANNOT_FETCH}: {error}") from error
    if not token:
        raise ResponseError(f"{_CANNOT_FETCH}: server response missing access_token")
    return token


def basic_auth(configuration: Reader) -> BasicAuth | None:
    """Return a metric's user name and password, ``None`` if it has neither.

    Raises:
        ConfigurationError: It has only one of them.
    """
    basic = configuration.object("authentication").object("basicAuth")
    username, password = basic.text("username"), basic.text("password")
    if not username and not password:
        return None
    for name, value in (("username", username), ("password", password)):
        if not value:
            raise ConfigurationError(
                f"missing mandatory parameter in metric for basic auth setup: {name}"
            )
    return BasicAuth(username, password)


def check_url(method: str, url: str) -> None:
    """Say what Go's HTTP client would of an address that it cannot ask.

    Raises:
        ConfigurationError: It is no URL, not of the web, or names no host.
    """
    if problem := _problem(parse_address(url)):
        raise ConfigurationError(f"{method.capitalize()} {go_quote(url)}: {problem}")


def is_url(text: str) -> bool:
    """Return whether the text is a URL with a scheme and a host."""
    try:
        parts = parse_url(text)
    except InvalidError:
        return False
    return bool(parts.scheme and parts.host)


def _problem(parts: GoURL) -> str:
    if parts.scheme not in _SCHEMES:
        return f"unsupported protocol scheme {go_quote(parts.scheme)}"
    return "" if parts.host else "http: no Host in request URL"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
