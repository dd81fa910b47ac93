"""ID tokens that nobody should believe, by what is wrong about them."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

from tests.fakes.identity_provider import (
    CLI_CLIENT_ID,
    CLIENT_ID,
    FakeProvider,
    ec_key,
    public_jwk,
    public_pem,
    rsa_key,
    signed,
    unsigned,
)

Forge = Callable[[FakeProvider], str]


def signed_by(fake: FakeProvider, header: dict[str, Any], key: Any = None, **claims: Any) -> str:
    """Return a token with this header, and whatever key and claims are wanted."""
    algorithm = header.pop("alg", "RS256")
    return signed(fake.claims(**claims), {"kid": "one", **header}, key=key, algorithm=algorithm)


def _hmac_with_public_key(fake: FakeProvider) -> str:
    """Return a token signed with the public key as if it were a shared secret."""
    text = unsigned({"alg": "HS256", "typ": "JWT", "kid": "one"}, fake.claims()).rstrip(".")
    mac = hmac.new(public_pem(rsa_key()), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _tampered(fake: FakeProvider) -> str:
    header, _, signature = fake.token().split(".")
    body = unsigned({}, fake.claims(groups=["admins"])).split(".")[1]
    return f"{header}.{body}.{signature}"


FORGED: dict[str, Forge] = {
    "another audience": lambda fake: fake.token(aud="somebody-else"),
    "no audience": lambda fake: fake.token(aud=None),
    "several audiences, asked for by nobody": lambda fake: fake.token(aud=[CLIENT_ID, "other"]),
    "asked for by somebody else": lambda fake: fake.token(azp="other"),
    "another issuer": lambda fake: fake.token(iss="https://evil.example"),
    "nearly the issuer": lambda fake: fake.token(iss=f"{fake.url}/"),
    "an issuer that is no text": lambda fake: fake.token(iss={"a": 1}),
    "expired": lambda fake: fake.token(exp=int(time.time()) - 60),
    "no expiry": lambda fake: fake.token(exp=None),
    "an endless expiry": lambda fake: fake.token(exp=float("inf")),
    "not yet valid": lambda fake: fake.token(nbf=int(time.time()) + 300),
    "from the future": lambda fake: fake.token(iat=int(time.time()) + 300),
    "no subject": lambda fake: fake.token(sub=None),
    "an empty subject": lambda fake: fake.token(sub=""),
    "a subject that is no text": lambda fake: fake.token(sub=7),
    "a long subject": lambda fake: fake.token(sub="x" * 300),
    "a name that is no text": lambda fake: fake.token(email=["a@b"]),
    "a name of several lines": lambda fake: fake.token(email="a@b\nadmin"),
    "a long name": lambda fake: fake.token(email="a" * 300 + "@b"),
    "a NUL in a claim": lambda fake: fake.token(groups=["a\0b"]),
    "half a character in a claim": lambda fake: fake.token(groups=["\ud800"]),
    "alg none": lambda fake: unsigned({"alg": "none", "kid": "one"}, fake.claims()),
    "alg None": lambda fake: unsigned({"alg": "None", "kid": "one"}, fake.claims()),
    "no alg": lambda fake: unsigned({"kid": "one"}, fake.claims()),
    "alg is a list": lambda fake: unsigned({"alg": ["RS256"], "kid": "one"}, fake.claims()),
    "HS256 with the public key": _hmac_with_public_key,
    "tampered": _tampered,
    "no signature": lambda fake: fake.token().rpartition(".")[0] + ".",
    "another key under the same id": lambda fake: signed_by(fake, {}, key=rsa_key("two")),
    "an unknown key": lambda fake: fake.token(kid="unknown"),
    "a key of another kind": lambda fake: signed_by(fake, {"alg": "ES256"}, key=ec_key()),
    "a key in the header": lambda fake: signed_by(
        fake, {"jwk": public_jwk(rsa_key("two"), "one")}, key=rsa_key("two")
    ),
    "a key elsewhere": lambda fake: signed_by(
        fake, {"jku": "http://127.0.0.1:1/keys"}, key=rsa_key("two")
    ),
    "a critical extension": lambda fake: signed_by(fake, {"crit": ["exp"]}),
    "a key in the header and a name nobody knows": lambda fake: signed_by(
        fake, {"jwk": public_jwk(rsa_key("two"), "two"), "kid": "two"}, key=rsa_key("two")
    ),
    "a certificate in the header": lambda fake: signed_by(
        fake, {"x5c": ["MIIB"], "x5t": "x"}, key=rsa_key("two")
    ),
    "no key id, and the key of somebody else": lambda fake: signed(
        fake.claims(), {}, key=rsa_key("two")
    ),
    "a key id that is a number": lambda fake: unsigned({"alg": "RS256", "kid": 1}, fake.claims()),
    "a key id that is a list": lambda fake: unsigned(
        {"alg": "RS256", "kid": ["one"]}, fake.claims()
    ),
    "a key id without end": lambda fake: signed_by(fake, {"kid": "x" * 40_000}, key=rsa_key("two")),
    "a signature of noughts": lambda fake: (
        unsigned({"alg": "ES256", "kid": "one"}, fake.claims()) + "A" * 86
    ),
    "asked for by the command line, for somebody else": lambda fake: fake.token(
        aud="other", azp=CLI_CLIENT_ID
    ),
    "several audiences, asked for by somebody else": lambda fake: fake.token(
        aud=[CLIENT_ID, CLI_CLIENT_ID, "other"], azp="other"
    ),
    "an empty list of audiences": lambda fake: fake.token(aud=[]),
    "an audience that is no text": lambda fake: fake.token(aud=[{"a": CLIENT_ID}]),
    "nearly the audience": lambda fake: fake.token(aud=CLIENT_ID.upper()),
    "expiry that is no number": lambda fake: fake.token(exp="tomorrow"),
    "not yet valid, in no number": lambda fake: fake.token(nbf="x"),
    "issued at no number": lambda fake: fake.token(iat="x"),
    "issued at yes": lambda fake: fake.token(iat=True),
    "issued at a number that is a text": lambda fake: fake.token(iat="1700000000"),
    "issued before all time": lambda fake: fake.token(iat=-(10**18)),
    "an access token": lambda fake: signed_by(fake, {"typ": "at+jwt"}),
    "a logout token": lambda fake: signed_by(fake, {"typ": "logout+jwt"}),
    "an unencoded payload": lambda fake: signed_by(fake, {"b64": False, "crit": ["b64"]}),
    "an encrypted token": lambda fake: fake.token() + ".AAAA.AAAA",
    "two parts": lambda fake: fake.token().rpartition(".")[0],
}
