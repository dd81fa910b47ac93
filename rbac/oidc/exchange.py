"""Redeems codes at a provider, and asks it for what an ID token leaves out."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from common.errors import UpstreamError
from common.jsontypes import JSONValue
from rbac.oidc.documents import fetch_json
from rbac.oidc.issuers import issuer_named
from rbac.oidc.providers import CLIENT_SECRET_BASIC, Provider

_FORM = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a code was redeemed for."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


def redeem_code(
    provider: Provider, *, code: str, verifier: str, redirect_uri: str, client_secret: str
) -> Tokens:
    """Return the tokens that a code stands for; ``client_secret`` is empty for a public client.

    Raises:
        UpstreamError: The provider refuses the code, or cannot be reached.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
    }
    headers = [_FORM]
    if client_secret and provider.client_auth == CLIENT_SECRET_BASIC:
        headers.append(("Authorization", _basic(provider.client_id, client_secret)))
    else:
        form["client_id"] = provider.client_id
        form |= {"client_secret": client_secret} if client_secret else {}
    endpoint = issuer_named(provider.issuer).published().metadata.token_endpoint
    answer = fetch_json(
        endpoint, method="POST", content=urlencode(form).encode(), headers=tuple(headers)
    )
    id_token, access_token = answer.get("id_token"), answer.get("access_token", "")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise UpstreamError("The provider sent no ID token.", retryable=False)
    return Tokens(id_token, access_token)


def fetch_userinfo(provider: Provider, *, access_token: str) -> Mapping[str, JSONValue]:
    """Return what the provider says at its userinfo endpoint; nothing if it has none.

    The caller compares ``sub`` with that of the ID token.

    Raises:
        UpstreamError: The provider refuses the token, or cannot be reached.
    """
    endpoint = issuer_named(provider.issuer).published().metadata.userinfo_endpoint
    if not endpoint or not access_token:
        return {}
    return fetch_json(endpoint, headers=(("Authorization", f"Bearer {access_token}"),))


def _basic(client_id: str, client_secret: str) -> str:
    """Return the header that shows a client's secret. Source: RFC 6749, section 2.3.1."""
    pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
