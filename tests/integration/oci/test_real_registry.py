"""Discovery's questions, asked of a real registry."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError, NotFoundError, UpstreamError
from promotions.engine.images import ImageDetails, Platform
from promotions.gateways.oci.connection import Connections, Settings
from promotions.gateways.oci.registry import OciRegistry
from promotions.ports.credentials import Credential
from promotions.ports.oci import ImageRegistry, Repository
from tests.fakes.oci_registry import PASSWORD, USER, Registry, running_registry

LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
ARM, AMD = "linux/arm64/v8", "linux/amd64"


def gateway(host: str) -> ImageRegistry:
    return OciRegistry(Connections(Settings(LOOPBACK, insecure_hosts=frozenset({host}))))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("guarded"), with_auth=True) as running:
        running.push_image("acme/secret", "v1")
        yield running


def test_all_tags_are_listed(registry: Registry) -> None:
    for tag in ("v1.0.0", "v1.1.0", "v2.0.0-rc.1"):
        registry.push_image("acme/tags", tag)

    found = gateway(registry.host).tags(Repository(f"{registry.host}/acme/tags"))

    assert sorted(found) == ["v1.0.0", "v1.1.0", "v2.0.0-rc.1"]


def test_a_repository_that_is_not_there_is_told_apart_from_an_empty_one(
    registry: Registry,
) -> None:
    digest = registry.push_image("acme/emptied", "v1")
    registry.delete_manifest("acme/emptied", digest)

    with pytest.raises(NotFoundError) as missing:
        gateway(registry.host).tags(Repository(f"{registry.host}/acme/missing"))
    with pytest.raises(NotFoundError) as empty:
        gateway(registry.host).tags(Repository(f"{registry.host}/acme/emptied"))

    assert missing.value.code == "repository_unknown"
    assert empty.value.code == "no_tags"


@pytest.mark.parametrize(
    ("created", "labels", "annotations", "expected"),
    [
        ("2026-01-01T00:00:00Z", {}, {}, datetime(2026, 1, 1, tzinfo=UTC)),
        (
            "2026-01-01T00:00:00Z",
            {"org.opencontainers.image.created": "2026-02-01T00:00:00Z"},
            {},
            datetime(2026, 2, 1, tzinfo=UTC),
        ),
        (
            "2026-03-01T00:00:00.123456789Z",
            {"org.label-schema.build-date": "2026-02-01T00:00:00Z"},
            {},
            datetime(2026, 3, 1, 0, 0, 0, 123456, tzinfo=UTC),
        ),
        (
            "2026-03-01T00:00:00Z",
            {"org.opencontainers.image.created": "2026-04-01T00:00:00Z"},
            {"org.label-schema.build-date": "2020-01-01T02:00:00+02:00"},
            datetime(2020, 1, 1, tzinfo=UTC),
        ),
        ("", {}, {}, None),
    ],
)
def test_an_image_is_as_old_as_it_says(
    registry: Registry,
    created: str,
    labels: dict[str, str],
    annotations: dict[str, str],
    expected: datetime | None,
) -> None:
    digest = registry.push_image(
        "acme/age", "v1", created=created, labels=labels, annotations=annotations
    )

    found = gateway(registry.host).resolve(Repository(f"{registry.host}/acme/age"), "v1")

    assert found == ImageDetails("v1", digest, expected, annotations)


def test_an_index_is_as_old_as_its_newest_image(registry: Registry) -> None:
    images = {
        AMD: registry.push_image("acme/multi", "amd", created="2026-01-01T00:00:00Z"),
        ARM: registry.push_image("acme/multi", "arm", created="2026-05-01T00:00:00Z"),
    }
    digest = registry.push_index("acme/multi", "v1", images, annotations={"team": "a"})

    found = gateway(registry.host).resolve(Repository(f"{registry.host}/acme/multi"), "v1")

    assert found == ImageDetails("v1", digest, datetime(2026, 5, 1, tzinfo=UTC), {"team": "a"})


def test_a_platform_is_matched_exactly_and_its_annotations_win(registry: Registry) -> None:
    images = {
        AMD: registry.push_image("acme/plat", "amd", annotations={"team": "b", "x": "1"}),
        ARM: registry.push_image("acme/plat", "arm"),
        "unknown/unknown": registry.push_image("acme/plat", "attestation"),
    }
    digest = registry.push_index("acme/plat", "v1", images, annotations={"team": "a", "y": "2"})
    asked = gateway(registry.host)
    repository = Repository(f"{registry.host}/acme/plat")

    amd = asked.resolve(repository, "v1", platform=Platform.parse(AMD))

    assert amd is not None
    assert amd.digest == digest
    assert amd.annotations == {"team": "b", "x": "1", "y": "2"}
    assert asked.resolve(repository, "v1", platform=Platform.parse(ARM)) is not None
    assert asked.resolve(repository, "v1", platform=Platform.parse("linux/arm64")) is None
    assert asked.resolve(repository, "amd", platform=Platform.parse(AMD)) is None


def test_a_tag_that_moves_is_noticed_unless_the_user_says_that_tags_never_move(
    registry: Registry,
) -> None:
    asked = gateway(registry.host)
    repository = Repository(f"{registry.host}/acme/moving")
    first = registry.push_image("acme/moving", "latest")
    assert asked.digest_of(repository, "latest") == first
    before = asked.resolve(repository, "latest")
    second = registry.push_image("acme/moving", "latest", created="2026-06-01T00:00:00Z")

    pinned = asked.resolve(repository, "latest", cache_by_tag=True)
    after = asked.resolve(repository, "latest")

    assert before is not None
    assert pinned == before
    assert after is not None
    assert (before.digest, after.digest) == (first, second)


def test_a_tag_that_is_not_there_is_none(registry: Registry) -> None:
    asked = gateway(registry.host)
    registry.push_image("acme/one", "v1")
    repository = Repository(f"{registry.host}/acme/one")

    assert asked.resolve(repository, "v2") is None
    assert asked.digest_of(repository, "v2") is None


def test_a_registry_with_passwords_opens_to_the_right_one_only(guarded: Registry) -> None:
    url = f"{guarded.host}/acme/secret"
    asked = gateway(guarded.host)

    assert asked.tags(Repository(url, Credential(USER, PASSWORD))) == ("v1",)
    for credential in (None, Credential(USER, "wrong")):
        with pytest.raises(UpstreamError, match="refused") as caught:
            asked.tags(Repository(url, credential))
        assert caught.value.code == "registry_auth"
        assert not caught.value.retryable
        assert "wrong" not in caught.value.message


def test_a_registry_that_is_down_is_worth_another_try_and_recovers(tmp_path: Path) -> None:
    with running_registry(tmp_path) as running:
        running.push_image("acme/web", "v1")
        asked = gateway(running.host)
        repository = Repository(f"{running.host}/acme/web")
        assert asked.tags(repository) == ("v1",)

    with pytest.raises(UpstreamError) as caught:
        asked.tags(repository)

    assert caught.value.retryable
    assert running.host.partition(":")[0] in caught.value.message


@pytest.mark.parametrize("url", ["", "UPPER/case", "host/a:tag", "a b", "https://host/a"])
def test_what_is_not_a_repository_is_refused(url: str) -> None:
    with pytest.raises(InvalidError):
        gateway("x").tags(Repository(url))


def test_plain_http_is_spoken_only_to_hosts_that_the_operator_lists(registry: Registry) -> None:
    asked = gateway("elsewhere:5000")

    with pytest.raises(UpstreamError) as caught:
        asked.tags(Repository(f"{registry.host}/acme/web"))

    assert caught.value.code == "upstream_unreachable"
