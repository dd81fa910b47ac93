"""Our schemas accept what Kargo's do, and refuse what they refuse: the web and registry steps."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promotions.engine.schema import ConfigSchema
from promotions.steps.http import Http
from promotions.steps.http_download import HttpDownload
from promotions.steps.oci_download import OciDownload
from promotions.steps.oci_push import OciPush
from tests.conformance.vectors import DIRECTORY

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "step-schemas"
if not SCHEMAS.is_dir():
    pytest.skip(f"Kargo's step schemas are not in {SCHEMAS}", allow_module_level=True)

STEPS = {step.kind: step.schema for step in (Http, HttpDownload, OciDownload, OciPush)}
DIGEST = f"host.io/a@sha256:{'a' * 64}"

LEAST: dict[str, dict[str, Any]] = {
    "http": {"url": "https://example.com"},
    "http-download": {"url": "https://example.com", "outPath": "out"},
    "oci-download": {"imageRef": "host.io/a:v1", "outPath": "out"},
    "oci-push": {"srcRef": "host.io/a:v1", "destRef": "host.io/a:v2"},
}

VALUES: tuple[Any, ...] = (
    "",
    "text",
    "../x",
    None,
    True,
    False,
    0,
    1,
    1.5,
    2**31,
    [],
    {},
    [{}],
    ["text"],
    {"a": "b"},
    {"a": 1},
    {"index:a": ""},
    *([{"name": name, "value": value}] for name in ("", "a") for value in ("", "b", 1, None)),
    [{"name": "a", "value": "b", "more": "c"}],
    [{"name": "a"}],
    *([{"name": "a", "fromExpression": value}] for value in ("", "1", 1)),
    *("GET", "HEAD", "PATCH", "POST", "PUT", "DELETE", "get", "GETS", "TRACE", " GET"),
    *("http://p:1", "https://p", "http://", "socks5://p", "HTTP://p", "ahttp://p"),
    *("10s", "1h30m", "1.5h", "5", "0s", "-1s", "soon 5s", "1µs", "1 s", "10S"),
    *("application/json", "application/yaml", "text/plain", "text/html", "application/json "),
    *("host.io/a:v1", "oci://host.io/a:v1", "host.io:5000/a/b:v1", "alpine:3", "a", "host.io/a"),
    *(
        DIGEST,
        f"oci://{DIGEST}",
        "host.io/a:",
        "host.io/a@",
        "host.io/A:v1",
        "https://host.io/a:v1",
    ),
    *("host.io//a:v1", "host.io/a:v1@sha256:abc", "host.io/a b:v1", "host.io:port/a:v1", ":v1"),
    *("host.io/a:v1\n", "host.io/a:v+1", "oci:/host.io/a:v1", "OCI://host.io/a:v1", "[::1]/a:v1"),
)


def configurations() -> list[tuple[str, Any]]:
    """Return each step with each of its fields missing, unknown, or of each value."""
    found: list[tuple[str, Any]] = []
    for kind, least in LEAST.items():
        properties = STEPS[kind]["properties"]
        assert isinstance(properties, dict)
        found += [(kind, least), (kind, {**least, "more": 1}), (kind, {})]
        found += [(kind, {key: least[key] for key in least if key != field}) for field in least]
        found += [(kind, {**least, field: value}) for field in properties for value in VALUES]
    bodies = (None, "", "text", 1)
    found += [
        ("http", {**LEAST["http"], "body": body, "bodyFromFile": path})
        for body in bodies
        for path in bodies
    ]
    return found


def reference(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{kind}-config.json").read_text()))


@pytest.mark.parametrize("kind", STEPS)
def test_a_step_has_the_fields_that_kargos_has(kind: str) -> None:
    schema: dict[str, Any] = dict(reference(kind).schema)  # type: ignore[arg-type] # an object
    ours: dict[str, Any] = dict(STEPS[kind])

    assert ours["properties"].keys() == schema["properties"].keys()
    assert ours["required"] == schema["required"]
    assert ours["title"] == schema["title"]


@pytest.mark.parametrize("kind", STEPS)
def test_a_configuration_is_accepted_if_kargo_accepts_it(kind: str) -> None:
    ours, theirs = ConfigSchema(kind, STEPS[kind]), reference(kind)
    tried = [config for name, config in configurations() if name == kind]

    different = [
        config for config in tried if (not ours.problems(config)) is not theirs.is_valid(config)
    ]

    assert different == []
    assert any(theirs.is_valid(config) for config in tried)
