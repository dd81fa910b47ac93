"""Which answers the stock command line takes: reads them by Kargo's description, as it does.

A kind with required keys refuses keys it does not know, and so does all that is inside it; others
pass over what they do not know. ``null`` is taken anywhere, numbers have 32 bits. What was read is
then turned into Kargo's own types, which want times, durations and base64 to be some.
"""

import base64
import binascii
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

_BESIDE = Path(__file__).resolve().parents[3].parent / "shared" / "reference" / "data"
SWAGGER = Path(os.environ.get("KARGO_SWAGGER", "") or _BESIDE / "kargo-rest-swagger.json")
_NEWER = {
    "Image": {"subscriptionName"},
    "Chart": {"subscriptionName"},
    "GitCommit": {"subscriptionName"},
    "GitDiscoveryResult": {"subscriptionName"},
    "ImageDiscoveryResult": {"subscriptionName"},
    "ChartDiscoveryResult": {"subscriptionName"},
    "StageSpec": {"targets"},
    "StageStatus": {"promotionWindowStatus", "currentPromotionRequest", "lastPromotionRequest"},
    "PromotionSpec": {"target"},
}
"""Keys of the description that the released command line (1.11) does not know."""
_TIMES = frozenset(
    {
        *("creationTimestamp", "deletionTimestamp", "lastTransitionTime", "discoveredAt"),
        *("startTime", "finishTime", "startedAt", "finishedAt", "verifiedAt", "approvedAt"),
    }
)
_DURATIONS = frozenset({"requiredSoakTime", "longestSoak", "interval", "timeout"})
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DURATION = re.compile(r"-?(\d+(\.\d+)?(h|m|s|ms|us|µs|ns))+|0")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


class DecodeError(Exception):
    """What the client says of an answer that it cannot read."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the description."""

    method: str
    path: str
    parameters: tuple[dict[str, Any], ...]
    consumes: tuple[str, ...]
    responses: dict[str, dict[str, Any]]

    @property
    def success(self) -> dict[str, Any]:
        """What is described of the first success; ``{}`` is an empty one."""
        return next((it for code, it in self.responses.items() if code < "300"), {})

    @property
    def has_result(self) -> bool:
        return "schema" in self.success

    def named(self, place: str) -> dict[str, dict[str, Any]]:
        return {it["name"]: it for it in self.parameters if it["in"] == place}


@cache
def described() -> dict[str, Any]:
    """Return Kargo's description of its API; ``{}`` where it is not to be had."""
    if not SWAGGER.exists():
        return {}
    document: dict[str, Any] = json.loads(SWAGGER.read_text())
    return document


@cache
def operation(name: str) -> Operation:
    """Return the operation with this ``operationId``."""
    for path, methods in described()["paths"].items():
        for method, it in methods.items():
            if it["operationId"] == name:
                return Operation(
                    method.upper(),
                    path,
                    tuple(it.get("parameters") or ()),
                    tuple(it.get("consumes") or ()),
                    it["responses"],
                )
    raise KeyError(name)


def check(value: Any, schema: dict[str, Any], *, is_closed: bool = False, at: str = "") -> None:
    """Read a value by a schema.

    Raises:
        DecodeError: The command line would refuse it.
    """
    if "$ref" in schema:
        _check_named(value, schema["$ref"].rpartition("/")[2], is_closed=is_closed, at=at)
        return
    for part in schema.get("allOf", ()):
        check(value, part, is_closed=is_closed, at=at)
    if value is None or "type" not in schema:
        return
    _check_scalar(value, schema, at)
    inner = schema.get("items") or schema.get("additionalProperties") or {}
    if schema["type"] == "array":
        value = dict(enumerate(value))
    for key, it in (value if isinstance(value, dict) else {}).items():
        check(it, inner, is_closed=is_closed, at=f"{at}.{key}")


def _check_scalar(value: Any, schema: dict[str, Any], at: str) -> None:
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        raise DecodeError(f"json: cannot unmarshal {value!r} into a {kind} at {at}")
    if kind == "integer" and abs(value) >= 2**31:
        raise DecodeError(f"json: cannot unmarshal number {value} into int32 at {at}")
    if schema.get("format") == "byte":
        _check_base64(value, at)


def _check_named(value: Any, name: str, *, is_closed: bool, at: str) -> None:
    definition = described()["definitions"][name]
    if "enum" in definition and value not in definition["enum"]:
        raise DecodeError(f"{value!r} is not a valid {name} at {at}")
    if value is None or "properties" not in definition:
        check(value, definition, is_closed=is_closed, at=at)
        return
    if not isinstance(value, dict):
        raise DecodeError(f"json: cannot unmarshal {value!r} into a {name} at {at}")
    required = definition.get("required", [])
    for key in set(required) - set(value):
        raise DecodeError(f"no value given for required property {key} at {at}")
    _check_fields(value, name, is_closed=is_closed or bool(required), at=at)


def _check_fields(value: dict[str, Any], name: str, *, is_closed: bool, at: str) -> None:
    known = described()["definitions"][name]["properties"]
    for key, it in value.items():
        if key in known and key not in _NEWER.get(name, ()):
            check(it, known[key], is_closed=is_closed, at=f"{at}.{key}")
            _check_text(key, it, f"{at}.{key}")
        elif is_closed:
            raise DecodeError(f'json: unknown field "{key}" at {at}')


def check_object(value: dict[str, Any]) -> None:
    """Read an object that a watch sends, as strictly as one that a GET does.

    The command line passes over unknown keys here; but it is one manifest for both.

    Raises:
        DecodeError: The command line would refuse it.
    """
    check(value, {"$ref": f"#/definitions/{value['kind']}"}, at=value["kind"])


def _check_text(key: str, value: Any, at: str) -> None:
    if not isinstance(value, str):
        return
    if key in _TIMES:
        if not _RFC_3339.fullmatch(value):
            raise DecodeError(f"parsing time {value!r} at {at}")
        datetime.fromisoformat(value)
    if key in _DURATIONS and not _DURATION.fullmatch(value):
        raise DecodeError(f"time: invalid duration {value!r} at {at}")


def _check_base64(value: str, at: str) -> None:
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise DecodeError(f"illegal base64 data at {at}") from error
