"""Assumes a role of AWS: asks STS for keys that last for a while.

Source: AWS Security Token Service API reference, AssumeRole.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import FORM_TYPE, JSON_TYPE, Request, Response
from promotions.gateways.metrics.aws_signature import AwsKeys, sign

_SERVICE = "sts"
_SESSION = "kargo-analysis"
_SHORTEST_SECONDS = 900
_TIMEOUT_SECONDS = 10
_RESPONSE = "sts.AssumeRoleOutput"


def assumed(
    keys: AwsKeys,
    role: str,
    *,
    endpoint: str = "",
    send: Callable[[Request], Response],
    at: datetime,
) -> AwsKeys:
    """Return keys of the role, for a quarter of an hour.

    Args:
        keys: Of an account that may assume the role.
        role: Its ARN.
        endpoint: Where STS is, if not at AWS's usual address for the region.
        send: Asks.
        at: Now.

    Raises:
        ResponseError: STS refuses, or answers what is none.
    """
    url = endpoint or f"https://{_SERVICE}.{keys.region}.amazonaws.com/"
    form = {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": _SESSION,
        "DurationSeconds": _SHORTEST_SECONDS,
    }
    body = urlencode(form)
    headers = {"Content-Type": FORM_TYPE, "Accept": JSON_TYPE}
    signed = sign(
        "POST", url, headers=headers, body=body.encode(), keys=keys, service=_SERVICE, at=at
    )
    response = send(Request("POST", url, signed, body, timeout_seconds=_TIMEOUT_SECONDS))
    if not response.is_success:
        raise ResponseError(
            f"operation error STS: AssumeRole, StatusCode: {response.status}, {response.text}"
        )
    result = Decoded(decode(response.text), _RESPONSE)
    for name in ("AssumeRoleResponse", "AssumeRoleResult", "Credentials"):
        result = result.member(name)
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    access, secret, token = (result.member(name).text() for name in names)
    if not access or not secret:
        raise ResponseError("operation error STS: AssumeRole, the answer has no credentials")
    return AwsKeys(access, secret, keys.region, token)
