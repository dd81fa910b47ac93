"""Signs requests to AWS: Signature Version 4.

Source: AWS documentation, "Create a signed AWS API request".
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from promotions.engine.analysis.providers.errors import ConfigurationError

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = frozenset({"authorization", "user-agent", "x-amzn-trace-id"})


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """The keys of an account, and the region that is asked."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    session_token: str = field(default="", repr=False)

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, region: str = "") -> Self:
        """Return the keys in a Secret's data, in AWS's names or in ours.

        Raises:
            ConfigurationError: Something is missing.
        """
        known = {_key(name): value.strip() for name, value in credentials.items()}
        where = region or known.get("region", "") or known.get("default-region", "")
        access, secret = known.get("access-key-id", ""), known.get("secret-access-key", "")
        if not access or not secret:
            raise ConfigurationError("access-key-id or secret-access-key not found")
        if not where:
            raise ConfigurationError("failed to find the AWS region; add region to the Secret")
        return cls(access, secret, where, known.get("session-token", ""))


def sign(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes,
    keys: AwsKeys,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """Return the header fields with the signature, and with what it covers."""
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    token = {"X-Amz-Security-Token": keys.session_token} if keys.session_token else {}
    sent = {**headers, "X-Amz-Date": moment, **token}
    signed = {
        name.lower(): " ".join(value.split())
        for name, value in {**sent, "Host": parts.netloc.rpartition("@")[2]}.items()
        if name.lower() not in _UNSIGNED
    }
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        (
            method,
            _canonical_path(parts.path),
            _canonical_query(parts.query),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{keys.region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_signing_key(keys, moment[:8], service), text.encode(), hashlib.sha256)
    sent["Authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, "
        f"Signature={signature.hexdigest()}"
    )
    return sent


def _signing_key(keys: AwsKeys, day: str, service: str) -> bytes:
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in (day, keys.region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _canonical_path(path: str) -> str:
    return quote(quote(unquote(path or "/"), safe="/-_.~"), safe="/-_.~")


def _canonical_query(query: str) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("aws-")
