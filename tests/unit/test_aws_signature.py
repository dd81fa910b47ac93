"""Signature Version 4, held against the examples that AWS publishes."""

from datetime import UTC, datetime

import pytest

from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.gateways.metrics.aws_signature import AwsKeys, sign

KEYS = AwsKeys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


def signature(method: str, url: str, *, service: str = "service", **headers: str) -> str:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    signed = sign(method, url, headers=fields, body=b"", keys=KEYS, service=service, at=AT)
    return signed["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("method", "url", "expected"),
    [
        (
            "GET",
            "https://example.amazonaws.com/",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "POST",
            "https://example.amazonaws.com/",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "GET",
            "https://example.amazonaws.com/?Param2=value2&Param1=value1",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
    ],
)
def test_requests_of_the_published_test_suite(method: str, url: str, expected: str) -> None:
    assert signature(method, url) == expected


def test_the_example_of_the_documentation() -> None:
    content_type = "application/x-www-form-urlencoded; charset=utf-8"

    found = signature(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        service="iam",
        Content_Type=content_type,
    )

    assert found == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"


def test_keys_are_read_in_the_names_of_aws_and_in_ours() -> None:
    upper = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "r"}
    lower = {"access-key-id": "a", "secret-access-key": "b", "region": "r"}

    assert AwsKeys.of(upper) == AwsKeys.of(lower) == AwsKeys("a", "b", "r")


@pytest.mark.parametrize("missing", ["access-key-id", "secret-access-key", "region"])
def test_keys_must_be_complete(missing: str) -> None:
    given = {"access-key-id": "a", "secret-access-key": "b", "region": "r"}
    del given[missing]

    with pytest.raises(ConfigurationError):
        AwsKeys.of(given)


def test_secrets_are_not_shown() -> None:
    assert "wJalr" not in repr(KEYS)
