"""What registry documents say of an image."""

from datetime import UTC, datetime

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.images import (
    DOCKER_MANIFEST,
    OCI_MANIFEST,
    Platform,
    created_by_annotations,
    created_by_config,
    descriptors,
    is_index,
    parse_time,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789+01:00", datetime(2026, 1, 2, 2, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05.1Z", datetime(2026, 1, 2, 3, 4, 5, 100000, tzinfo=UTC)),
        ("2026-01-02T03:04:05", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_times_are_those_of_rfc_3339(text: str, expected: datetime | None) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize("text", ["", "linux", "linux/", "a/b/c/d"])
def test_a_platform_has_two_or_three_parts(text: str) -> None:
    with pytest.raises(InvalidError):
        Platform.parse(text)


def test_the_oci_name_of_the_creation_time_goes_first() -> None:
    annotations = {
        "org.label-schema.build-date": "2026-05-01T00:00:00Z",
        "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
    }

    assert created_by_annotations(annotations) == datetime(2026, 1, 1, tzinfo=UTC)
    assert created_by_config({"config": {"Labels": annotations}}) == datetime(
        2026, 1, 1, tzinfo=UTC
    )


@pytest.mark.parametrize("config", [{}, {"config": None}, {"config": {"Labels": None}}])
def test_a_configuration_without_times_has_none(config: JSONObject) -> None:
    assert created_by_config(config) is None


def entry(platform: JSONObject | None, media_type: str = OCI_MANIFEST) -> JSONObject:
    return {"mediaType": media_type, "digest": "sha256:1", "platform": platform}


def test_references_without_a_known_platform_or_to_other_things_are_ignored() -> None:
    index: JSONObject = {
        "manifests": [
            entry({"os": "linux", "architecture": "amd64"}, DOCKER_MANIFEST),
            entry({"os": "unknown", "architecture": "unknown"}),
            entry(None),
            entry({"os": "linux", "architecture": "arm64"}, "application/vnd.other"),
        ]
    }

    found = descriptors(index, platform=None)

    assert [it.platform for it in found] == [Platform("linux", "amd64")]
    assert descriptors(index, platform=Platform("linux", "amd64", "v2")) == ()


def test_an_index_is_known_by_its_media_type_or_its_shape() -> None:
    assert is_index({"manifests": []}, media_type="application/json")
    assert not is_index({"manifests": []}, media_type=f"{OCI_MANIFEST}; charset=utf-8")
