import hashlib

import pytest

from common.errors import InvalidError
from promotions.engine.webhooks.decisions import Reply, refreshed_reply
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.receiver_paths import receiver_address
from promotions.engine.webhooks.receivers import (
    GENERIC,
    LARGEST_BODY,
    RECEIVERS,
    decide,
    secret_values,
)
from tests.unit.engine.webhooks.samples import delivery


@pytest.mark.parametrize("kind", RECEIVERS)
def test_a_body_over_the_limit_is_refused_before_anything_else(kind: str) -> None:
    error = "content exceeds limit of 2097152 bytes"

    decision = decide(kind, Delivery({}, b" " * (LARGEST_BODY + 1), {}))

    assert decision == Reply(413, {"error": error})


def test_a_body_of_just_the_limit_is_read() -> None:
    body = b"{}".ljust(LARGEST_BODY)

    assert decide("github", delivery("github", body, {"X-GitHub-Event": "ping"})) == Reply(
        200, {"msg": "ping event received, webhook is configured correctly"}
    )


def test_an_unknown_kind_of_receiver_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(InvalidError, match="github"):
        decide("svn", Delivery({}, b"", {}))
    with pytest.raises(InvalidError, match="github"):
        secret_values("svn", {})


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("artifactory", "secret-token"),
        ("azure", "secret"),
        ("generic", "secret"),
        ("gitlab", "secret-token"),
        ("harbor", "auth-header"),
    ],
)
def test_each_kind_keeps_its_secret_under_its_own_key(kind: str, key: str) -> None:
    assert secret_values(kind, {key: b"s", "other": b"x"}) == (b"s",)


@pytest.mark.parametrize("kind", [*RECEIVERS, GENERIC])
@pytest.mark.parametrize("secret", [{}, {"secret": b"", "secret-token": b"", "auth-header": b""}])
def test_an_address_needs_a_secret_that_is_not_empty(kind: str, secret: dict[str, bytes]) -> None:
    with pytest.raises(InvalidError, match="needs a Secret with the key"):
        secret_values(kind, secret)


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://k.example", "/quay/{}", "https://k.example/quay/{}"),
        ("https://k.example/", "/quay/{}", "https://k.example/quay/{}"),
        ("https://k.example/hooks", "/hooks/quay/{}", "https://k.example/hooks/quay/{}"),
        ("https://k.example/a//b/../c/", "/a/c/quay/{}", "https://k.example/a/c/quay/{}"),
        ("http://u:p@k.example:81/?x=1#f", "/quay/{}", "http://u:p@k.example:81/quay/{}?x=1#f"),
        # As in Go, a space in the base is escaped once in the path and once more in the URL.
        ("https://k.example/a b", "/a%20b/quay/{}", "https://k.example/a%2520b/quay/{}"),
        ("hooks", "hooks/quay/{}", "hooks/quay/{}"),
        ("", "/quay/{}", "/quay/{}"),
    ],
)
def test_an_address_is_the_base_the_kind_and_a_hash(base: str, path: str, url: str) -> None:
    digest = hashlib.sha256(b"shopinboxs3cret").hexdigest()

    address = receiver_address(
        base, kind="quay", project="shop", name="inbox", secret_values=[b"s3", b"cret"]
    )

    assert (address.path, address.url) == (path.format(digest), url.format(digest))


@pytest.mark.parametrize("base", ["://x", "http://a b", "http://[::1", "http://h:x", "%zz", "a\n"])
def test_a_base_that_is_no_url_is_an_error(base: str) -> None:
    with pytest.raises(InvalidError):
        receiver_address(base, kind="quay", project="p", name="n", secret_values=[b"s"])


def test_a_new_secret_moves_the_receiver() -> None:
    old, new = (
        receiver_address("", kind="quay", project="p", name="n", secret_values=[secret])
        for secret in (b"old", b"new")
    )

    assert old.path != new.path


@pytest.mark.parametrize(
    ("total", "failures", "expected"),
    [
        (0, 0, Reply(200, {"msg": "refreshed 0 warehouse(s)"})),
        (3, 0, Reply(200, {"msg": "refreshed 3 warehouse(s)"})),
        (3, 1, Reply(500, {"error": "failed to refresh 1 of 3 warehouses"})),
    ],
)
def test_the_answer_counts_what_was_refreshed(total: int, failures: int, expected: Reply) -> None:
    assert refreshed_reply("warehouse", total=total, failures=failures) == expected
