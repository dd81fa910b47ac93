"""What the command line does at an OpenID provider: ``login --sso``, and a token's renewal.

Go's ``oauth2`` tries a client's name as HTTP Basic first, and in the form if that was refused.
"""

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.compat.cli.session import Session
from tests.functional.sign_in.test_real_provider import walk

CALLBACK = "http://localhost:{port}/auth/callback"


def log_in(session: Session, name: str, *, port: int = 0, prompt: str = "") -> dict[str, str]:
    """Sign ``name`` in at the provider that the server names; return what it hands out.

    The command line asks for no ``prompt``; the tests' provider hands out no refresh token without.
    """
    config = session.call("GetPublicConfig")["oidcConfig"]
    client_id = _client_of(config)
    redirect = CALLBACK.format(port=port or 50000 + secrets.randbelow(1000))
    verifier, state = secrets.token_urlsafe(96)[:128], secrets.token_urlsafe(18)
    digest = hashlib.sha256(verifier.encode()).digest()
    with httpx.Client(timeout=15) as http:
        found = discover(http, config)
        scopes = list(config["scopes"])
        if "offline_access" in found["scopes_supported"]:
            scopes.append("offline_access")
        asked = {
            "client_id": client_id,
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **({"prompt": prompt} if prompt else {}),
        }
        answer = http.get(found["authorization_endpoint"], params=asked)
        came_back = parse_qs(urlsplit(walk(http, answer, name, redirect)).query)
        assert came_back["state"] == [state]
        form = {
            "grant_type": "authorization_code",
            "code": came_back["code"][0],
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        return redeem(http, found["token_endpoint"], client_id, form)


def renew(session: Session, refresh_token: str) -> dict[str, str]:
    """Buy a new ID token, as every command does whose token has expired."""
    config = session.call("GetPublicConfig")["oidcConfig"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    with httpx.Client(timeout=15) as http:
        endpoint = discover(http, config)["token_endpoint"]
        return redeem(http, endpoint, _client_of(config), form)


def discover(http: httpx.Client, config: dict[str, Any]) -> dict[str, Any]:
    """Return what a provider says of itself; its name must be the very one it was asked for by."""
    address = config["issuerUrl"].removesuffix("/") + "/.well-known/openid-configuration"
    found: dict[str, Any] = http.get(address).json()
    assert found["issuer"] == config["issuerUrl"]
    return found


def redeem(
    http: httpx.Client, endpoint: str, client_id: str, form: dict[str, str]
) -> dict[str, str]:
    """Ask a token endpoint; an answer without an ID token is none."""
    answer = http.post(endpoint, data=form, auth=(client_id, ""))
    if answer.is_error:
        answer = http.post(endpoint, data={**form, "client_id": client_id})
    tokens: dict[str, str] = answer.raise_for_status().json()
    assert tokens["id_token"]
    return tokens


def _client_of(config: dict[str, Any]) -> str:
    return str(config.get("cliClientId") or config["clientId"])
