"""What a real registry seldom does: pages, tokens, delays, failures and lies."""

import json

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError, NotFoundError, UpstreamError
from promotions.engine.images import OCI_INDEX, OCI_MANIFEST
from promotions.gateways.oci.connection import Connections, Settings
from promotions.gateways.oci.limits import HostLimiter
from promotions.gateways.oci.registry import OciRegistry
from promotions.ports.credentials import Credential
from promotions.ports.oci import ImageRegistry, Repository
from tests.fakes.oci_registry import Answer, Asked, Scripted, scripted_server

LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))


def gateway(*hosts: str, timeout_seconds: float = 5.0) -> ImageRegistry:
    settings = Settings(LOOPBACK, frozenset(hosts), timeout_seconds=timeout_seconds)
    return OciRegistry(Connections(settings))


def repository(server: Scripted, credential: Credential | None = None) -> Repository:
    return Repository(f"{server.host}/acme/web", credential)


def tag_list(*tags: str, link: str = "") -> Answer:
    body = json.dumps({"name": "acme/web", "tags": list(tags)}).encode()
    return Answer(body=body, headers={"Link": link} if link else {})


def test_tags_are_collected_over_pages() -> None:
    def script(asked: Asked) -> Answer:
        if "last=" not in asked.path:
            return tag_list("v1", "v2", link='</v2/acme/web/tags/list?last=v2&n=2>; rel="next"')
        return tag_list("v2", "v3")

    with scripted_server(script) as server:
        assert gateway(server.host).tags(repository(server)) == ("v1", "v2", "v3")


@pytest.mark.parametrize(
    "link",
    [
        '</v2/acme/web/tags/list?n=1000>; rel="next"',
        '<http://169.254.169.254/v2/acme/web/tags/list>; rel="next"',
        '<http://[::1>; rel="next"',
    ],
)
def test_pages_that_go_in_a_circle_or_elsewhere_end(link: str) -> None:
    with scripted_server(lambda _: tag_list("v1", link=link)) as server:
        assert gateway(server.host).tags(repository(server)) == ("v1",)

    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b'{"tags": null}', b'{"tags": []}', b"{}"])
def test_an_empty_tag_list_says_so(body: bytes) -> None:
    with (
        scripted_server(lambda _: Answer(body=body)) as server,
        pytest.raises(NotFoundError, match="has no tags yet") as caught,
    ):
        gateway(server.host).tags(repository(server))

    assert caught.value.code == "no_tags"


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (Answer(500), "registry_error", True),
        (Answer(503), "registry_error", True),
        (Answer(400), "registry_error", False),
        (Answer(429), "registry_limit", True),
        (Answer(403), "registry_auth", False),
        (Answer(401), "registry_auth", False),
        (Answer(body=b"<html>"), "registry_error", True),
        (Answer(body=b"[" * 100_000), "registry_error", True),
        (Answer(body=b" " * (5 * 1024 * 1024)), "response_too_large", False),
        (Answer(302, headers={"Location": "http://169.254.169.254/"}), "egress_refused", False),
        (Answer(302, headers={"Location": "http://[::1"}), "upstream_unreachable", True),
        (Answer(delay_seconds=1.5), "upstream_timeout", True),
    ],
)
def test_failures_are_told_apart(answer: Answer, code: str, retryable: bool) -> None:  # noqa: FBT001 - a table
    with (
        scripted_server(lambda _: answer) as server,
        pytest.raises(UpstreamError) as caught,
    ):
        gateway(server.host, timeout_seconds=0.5).tags(repository(server))

    assert (caught.value.code, caught.value.retryable) == (code, retryable)


def token_script(asked: Asked, *, host: str) -> Answer:
    if asked.path.startswith("/token"):
        return Answer(body=b'{"token": "t0k3n", "expires_in": 300}')
    if asked.headers.get("authorization") == "Bearer t0k3n":
        return tag_list("v1")
    challenge = f'Bearer realm="http://{host}/token",service="reg",scope="repository:acme/web:pull"'
    return Answer(401, headers={"WWW-Authenticate": challenge})


def test_a_token_is_asked_for_once_and_kept() -> None:
    with scripted_server(lambda it: token_script(it, host=it.headers["host"])) as server:
        asked = gateway(server.host)
        named = repository(server, Credential("bob", "pw"))

        assert asked.tags(named) == ("v1",)
        assert asked.tags(named) == ("v1",)

    tokens = [it for it in server.asked if it.path.startswith("/token")]
    assert len(tokens) == 1
    assert tokens[0].path == "/token?service=reg&scope=repository%3Aacme%2Fweb%3Apull"
    assert tokens[0].headers["authorization"].startswith("Basic ")


def test_anonymous_tokens_are_asked_for_without_credentials() -> None:
    with scripted_server(lambda it: token_script(it, host=it.headers["host"])) as server:
        assert gateway(server.host).tags(repository(server)) == ("v1",)

    assert all("Basic" not in it.headers.get("authorization", "") for it in server.asked)


def test_a_credential_is_not_shown_to_a_token_service_that_is_less_safe() -> None:
    with (
        scripted_server(lambda it: token_script(it, host="")) as realm,
        scripted_server(lambda it: token_script(it, host=realm.host)) as server,
    ):
        gateway(server.host).tags(repository(server, Credential("bob", "pw")))

    assert len(realm.asked) == 1
    assert "authorization" not in realm.asked[0].headers


def test_two_credentials_do_not_share_what_is_remembered() -> None:
    with scripted_server(lambda it: token_script(it, host=it.headers["host"])) as server:
        asked = gateway(server.host)
        asked.tags(repository(server, Credential("bob", "pw")))
        asked.tags(repository(server))

    assert sum(it.path.startswith("/token") for it in server.asked) == 2


def test_a_document_without_the_promised_digest_is_refused() -> None:
    headers = {"Docker-Content-Digest": f"sha256:{'0' * 64}", "Content-Type": OCI_MANIFEST}
    with (
        scripted_server(lambda _: Answer(body=b"{}", headers=headers)) as server,
        pytest.raises(UpstreamError) as caught,
    ):
        gateway(server.host).resolve(repository(server), "v1")

    assert caught.value.code == "digest_mismatch"


def test_an_index_without_images_is_an_error() -> None:
    body = json.dumps({"mediaType": OCI_INDEX, "manifests": []}).encode()
    with (
        scripted_server(lambda _: Answer(body=body)) as server,
        pytest.raises(InvalidError, match="index is empty"),
    ):
        gateway(server.host).resolve(repository(server), "v1")


def test_no_host_is_asked_more_often_than_the_limit() -> None:
    now = [0.0]
    slept: list[float] = []
    limiter = HostLimiter(20, clock=lambda: now[0], sleep=slept.append)

    for _ in range(24):
        limiter.wait("a")
    limiter.wait("b")
    now[0] = 10.0
    limiter.wait("a")

    assert slept == pytest.approx([0.05, 0.1, 0.15, 0.2])


@pytest.mark.parametrize("realm", ["http://[::1/token", "ftp://x/", "nonsense"])
def test_a_realm_that_is_no_address_is_an_error(realm: str) -> None:
    challenge = Answer(401, headers={"WWW-Authenticate": f'Bearer realm="{realm}",service="a"'})
    with (
        scripted_server(lambda _: challenge) as server,
        pytest.raises((InvalidError, UpstreamError)),
    ):
        gateway(server.host).tags(repository(server, Credential("bob", "pw")))
