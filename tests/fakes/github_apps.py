"""The fake GitHub's Apps: who proves to be one gets tokens.

* "GitHub Apps: Create an installation access token for an app": 201 with ``token``,
  ``expires_at`` an hour ahead and the repositories; 404 for an installation of another App; 422
  for a repository that the installation has not.
* GitHub documentation, "Generating a JSON Web Token (JWT) for a GitHub App": RS256; ``iat`` in the
  past, ``exp`` at most ten minutes ahead, ``iss`` the client id or app id; else 401.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from tests.fakes.github import Caller, FakeGitHub, error, invalid
from tests.fakes.scm_server import Handler, Json, Refusal, Reply, Request

_LONGEST = 600


def new_key() -> tuple[str, bytes]:
    """Return a new private key and its public part, both PEM."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public


def routes(github: FakeGitHub) -> Sequence[tuple[str, str, Handler]]:
    def create(request: Request, installation: str) -> Reply:
        issuer = _issuer(github, request)
        app, repositories = github.installations.get(int(installation), ("", ()))
        if app != issuer:
            return error(404, "Integration not found")
        wanted = request.body.get("repositories") or list(repositories)
        assert isinstance(wanted, list)
        names = [str(name).lower() for name in wanted]
        if not set(names) <= {name.lower() for name in repositories}:
            return invalid("Installation", "repositories", "invalid", "not accessible")
        token = f"ghs_{secrets.token_hex(18)}"
        github.tokens[token] = Caller(f"{app}[bot]", is_app=True, repositories=frozenset(names))
        expires = (github.clock() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body: Json = {"token": token, "expires_at": expires}
        return Reply(201, body)

    return (("POST", "/app/installations/{installation}/access_tokens", create),)


def _issuer(github: FakeGitHub, request: Request) -> str:
    """Return which App's token this is.

    Raises:
        Refusal: It is no token, or one that GitHub does not take.
    """
    _, _, token = request.header("authorization").partition(" ")
    parts = token.split(".")
    if len(parts) != 3:
        raise Refusal(error(401, "A JSON web token could not be decoded"))
    head, claims = (json.loads(_decoded(part)) for part in parts[:2])
    if head.get("alg") != "RS256" or claims.get("iss") not in github.apps:
        raise Refusal(error(401, "A JSON web token could not be decoded"))
    key = serialization.load_pem_public_key(github.apps[claims["iss"]])
    assert isinstance(key, RSAPublicKey)
    try:
        key.verify(_decoded(parts[2]), f"{parts[0]}.{parts[1]}".encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Refusal(error(401, "A JSON web token could not be decoded")) from None
    now = github.clock().timestamp()
    if not now < claims["exp"] <= now + _LONGEST:
        what = "'Expiration time' claim ('exp') is too far in the future"
        raise Refusal(error(401, what))
    if claims["iat"] > now:
        raise Refusal(error(401, "'Issued at' claim ('iat') must be in the past"))
    return str(claims["iss"])


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
