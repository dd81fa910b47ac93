"""What registries of images and charts send that is not the plain case."""

import json
from dataclasses import replace

import pytest

from common.jsontypes import JSONObject, as_object
from promotions.engine.webhooks.decisions import PONG, RefreshWarehouses, Reply
from promotions.engine.webhooks.media_types import artifact_repo_urls
from promotions.engine.webhooks.receivers import decide
from tests.unit.engine.webhooks.samples import SAMPLES, decide_on, delivery

_ARTIFACTORY = SAMPLES["artifactory push"].payload


def artifactory_push(**changes: str) -> JSONObject:
    top = {key: value for key, value in changes.items() if key in _ARTIFACTORY}
    data = {key: value for key, value in changes.items() if key not in _ARTIFACTORY}
    return {**_ARTIFACTORY, **top, "data": {**as_object(_ARTIFACTORY["data"]), **data}}


@pytest.mark.parametrize(
    ("media_type", "urls"),
    [
        ("application/vnd.cncf.helm.config.v1+json", ["ghcr.io/acme/shop"]),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", ["ghcr.io/acme/shop"]),
        ("application/vnd.oci.image.index.v1+json", ["oci://ghcr.io/acme/shop"]),
        ("application/vnd.oci.image.config.v1+json", ["oci://ghcr.io/acme/shop"]),
        ("application/vnd.docker.container.image.v1+json", ["oci://ghcr.io/acme/shop"]),
        (
            "application/vnd.oci.image.manifest.v1+json",
            ["oci://ghcr.io/acme/shop", "ghcr.io/acme/shop"],
        ),
        ("", ["oci://ghcr.io/acme/shop", "ghcr.io/acme/shop"]),
    ],
)
def test_the_media_type_says_whether_it_is_an_image_a_chart_or_perhaps_either(
    media_type: str, urls: list[str]
) -> None:
    assert artifact_repo_urls("oci://ghcr.io/Acme/Shop", media_type=media_type) == urls


def test_two_equal_normal_forms_are_one() -> None:
    assert artifact_repo_urls("docker.io/library/nginx", media_type="?") == ["nginx"]


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"path": "api/1.4.0/manifest.json"}, "acme.jfrog.io/docker-local/api"),
        ({"path": "1.4.0/manifest.json"}, "acme.jfrog.io/docker-local"),
        ({"path": "Team/API/1/list.manifest.json"}, "acme.jfrog.io/docker-local/team/api"),
        ({"image_type": "oci"}, "acme.jfrog.io/docker-local/shop/api"),
        ({"jpd_origin": "http://jfrog:8082"}, "jfrog:8082/docker-local/shop/api"),
        ({"jpd_origin": ""}, "/docker-local/shop/api"),
    ],
)
def test_artifactory_paths_lose_the_tag_and_the_manifest(changes: dict[str, str], url: str) -> None:
    decision = decide_on("artifactory", artifactory_push(**changes))

    assert decision == RefreshWarehouses((url,), ("1.4.0",))


def test_a_virtual_repository_stands_for_the_one_that_was_pushed_to() -> None:
    body = json.dumps(artifactory_push()).encode()

    decision = decide(
        "artifactory", replace(delivery("artifactory", body), virtual_repo_name="docker")
    )

    assert decision == RefreshWarehouses(("acme.jfrog.io/docker/shop/api",), ("1.4.0",))


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"domain": "artifact"}, 501, "event type must be 'pushed' and domain must be 'docker'"),
        (
            {"event_type": "promoted"},
            501,
            "event type must be 'pushed' and domain must be 'docker'",
        ),
        ({"image_type": "helm"}, 501, 'unsupported image type "helm"'),
        ({"image_type": 'a"b'}, 501, 'unsupported image type "a\\"b"'),
        (
            {"path": "manifest.json"},
            400,
            'invalid value "manifest.json" in payload\'s data.path field',
        ),
        ({"jpd_origin": "://x"}, 400, 'invalid value "://x" in payload\'s jpd_origin field'),
        (
            {"jpd_origin": "http://a b"},
            400,
            'invalid value "http://a b" in payload\'s jpd_origin field',
        ),
    ],
)
def test_artifactory_refusals_say_what_is_wrong(
    changes: dict[str, str], status: int, error: str
) -> None:
    decision = decide_on("artifactory", artifactory_push(**changes))

    assert decision == Reply(status, {"error": error})


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"type": "DELETE_ARTIFACT"}, Reply(400, {"error": "unsupported event type"})),
        ({}, Reply(400, {"error": "unsupported event type"})),
        ({"type": "PUSH_ARTIFACT"}, RefreshWarehouses(())),
        ({"type": "PUSH_ARTIFACT", "event_data": {"resources": []}}, RefreshWarehouses(())),
    ],
)
def test_harbor_pushes_only_and_none_if_nothing_was_pushed(
    payload: JSONObject, expected: object
) -> None:
    assert decide_on("harbor", payload) == expected


def test_an_empty_tag_is_no_qualifier_and_doubles_are_one() -> None:
    payload: JSONObject = {"docker_url": "quay.io/acme/shop", "updated_tags": ["b", "", "a", "b"]}

    assert decide_on("quay", payload) == RefreshWarehouses(("quay.io/acme/shop",), ("a", "b"))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("ping", PONG),
        ("chart_push", Reply(400, {"error": "event type chart_push is not supported"})),
        ("", Reply(400, {"error": "event type  is not supported"})),
    ],
)
def test_the_azure_registry_pushes_and_pings(action: str, expected: object) -> None:
    assert decide_on("azure", {"action": action}, User_Agent="AzureContainerRegistry") == expected


@pytest.mark.parametrize("agent", ["curl/8", "", "azurecontainerregistry/1", " VSServices"])
def test_azure_is_told_by_its_user_agent_before_the_body_is_read(agent: str) -> None:
    error = "request does not appear to have originated from a supported service"
    refused = delivery("azure", b"{", {"User-Agent": agent})

    assert decide("azure", refused) == Reply(400, {"error": error})
