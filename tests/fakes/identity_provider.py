"""An OpenID provider that says and signs whatever a test wants, with keys of its own."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from rbac.oidc.issuers import issuer_named

CLIENT_ID, CLI_CLIENT_ID = "kargo", "kargo-cli"
ALICE: Mapping[str, Any] = {
    "sub": "alice-1",
    "email": "alice@corp.example",
    "email_verified": True,
    "groups": ["developers", "everybody"],
}


@lru_cache
def rsa_key(name: str = "one", bits: int = 2048) -> RSAPrivateKey:
    """Return the key of that name, the same for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@lru_cache
def ec_key() -> EllipticCurvePrivateKey:
    """Return a key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: RSAPrivateKey | EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    """Return the public half of a key as providers publish it."""
    if isinstance(key, RSAPrivateKey):
        encoded = RSAAlgorithm.to_jwk(key.public_key())
    else:
        encoded = ECAlgorithm.to_jwk(key.public_key())
    return {**json.loads(encoded), "kid": kid, "use": "sig"}


def public_pem(key: RSAPrivateKey) -> bytes:
    """Return the public half of a key as a text, which a forger would take for a secret."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Return a token with an empty signature."""
    parts = (json.dumps(part).encode() for part in (header, claims))
    encoded = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return f"{'.'.join(encoded)}."


def signed(
    claims: Mapping[str, Any],
    header: Mapping[str, Any],
    *,
    key: Any = None,
    algorithm: str = "RS256",
) -> str:
    """Return a token with these claims, sensible or not."""
    headers = dict(header)
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key or rsa_key(), algorithm, headers)


@dataclass(slots=True)
class FakeProvider:
    """What the provider says; a test changes it as it likes.

    Attributes:
        codes: The ID token that each code buys, once.
        asked: The paths that were asked for.
        redeemed: The forms that came to the token endpoint, with their ``Authorization``.
        pages: Answers instead of the usual ones, by path: status, content type and body.
    """

    url: str
    keys: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    redeemed: list[dict[str, str]] = field(default_factory=list)
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return what a good ID token of alice claims, with changes; ``None`` leaves one out."""
        issued = int(time.time())
        dates = {"iat": issued, "exp": issued + 600}
        claims = {"iss": self.url, "aud": CLIENT_ID, **dates, **ALICE, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kid: Any = "one", **changes: Any) -> str:
        """Return a good ID token of alice, with changes in what it claims."""
        return signed(self.claims(**changes), {"kid": kid})


@contextmanager
def fake_provider() -> Iterator[FakeProvider]:
    """Run a provider on loopback, of which this process remembers nothing.

    Another may have listened on its port, and have been remembered as one that fails.
    """
    issuer_named.cache_clear()

    class Handler(_Handler):
        fake: FakeProvider

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    Handler.fake = FakeProvider(url, keys=[public_jwk(rsa_key(), "one")], metadata=_metadata(url))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _metadata(url: str) -> dict[str, Any]:
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "userinfo_endpoint": f"{url}/userinfo",
        "jwks_uri": f"{url}/keys",
    }


class _Handler(BaseHTTPRequestHandler):
    fake: FakeProvider

    def do_GET(self) -> None:
        self.fake.asked.append(self.path)
        known = {
            "/.well-known/openid-configuration": self.fake.metadata,
            "/keys": {"keys": self.fake.keys},
            "/userinfo": self.fake.userinfo,
        }
        if self.path in self.fake.pages:
            self._send(*self.fake.pages[self.path])
        elif self.path in known:
            self._send(200, "application/json", json.dumps(known[self.path]).encode())
        else:
            self._send(404, "text/plain", b"no")

    def do_POST(self) -> None:
        self.fake.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.fake.redeemed.append({**form, "header": self.headers.get("Authorization", "")})
        code = form.get("code", "")
        if code not in self.fake.codes or not self._is_proved(code, form):
            self._send(400, "application/json", b'{"error": "invalid_grant"}')
            return
        answer = {"id_token": self.fake.codes.pop(code), "access_token": "at", "token_type": "b"}
        self._send(200, "application/json", json.dumps(answer).encode())

    def _is_proved(self, code: str, form: Mapping[str, str]) -> bool:
        """Tell whether the verifier belongs to the challenge, if a test has noted one."""
        challenge = self.fake.challenges.get(code)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        sent = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return challenge is None or challenge == sent

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
