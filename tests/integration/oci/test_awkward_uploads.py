"""What ``oci-push`` sends, and how: nothing twice, in one piece or in chunks, to whom it may."""

import os

import pytest

from promotions.gateways.oci import uploads
from promotions.ports.credentials import Credential
from tests.fakes.memory_registry import Running, digest_of
from tests.fakes.oci_registry import Answer, Asked, scripted_server
from tests.integration.oci.awkward import LAYER, copy, failure, once
from tests.integration.oci.worlds import Steps, kind_of

SENDING = ("POST", "PUT", "PATCH")


# ---------------------------------------------------------------- nothing twice
def test_a_push_that_was_done_sends_nothing(source: Running, target: Running, steps: Steps) -> None:
    digest = source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    assert copy(steps, source, target) == digest
    target.forget()
    source.forget()

    assert copy(steps, source, target) == digest

    assert target.asked(*SENDING) == []
    assert [path for path in source.asked("GET") if "blobs" in path] == []


def test_a_push_that_was_cut_short_sends_only_the_rest(
    source: Running, target: Running, steps: Steps
) -> None:
    digest = source.push_artifact("acme/web", "v1", ("text/a", b"a"), ("text/b", b"b"))
    target.memory.fault = once(
        lambda it: it.method == "PUT" and "manifests" in it.path, *[Answer(400)] * 9
    )
    failure(lambda: copy(steps, source, target))
    target.memory.fault = lambda _: None
    target.forget()

    assert copy(steps, source, target) == digest

    assert target.asked(*SENDING) == ["/v2/mirror/web/manifests/v1"]


def test_a_blob_that_several_images_share_is_sent_once(
    source: Running, target: Running, steps: Steps
) -> None:
    images = {
        f"linux/{name}": source.push_artifact(
            "acme/web", name, ("a/b", LAYER), ("a/c", name.encode())
        )
        for name in ("amd64", "arm64")
    }
    source.push_index("acme/web", "v1", images)

    copy(steps, source, target)

    assert len(target.asked("POST")) == 4  # two layers, one in common, and the configuration


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_worker_that_is_killed_leaves_a_push_that_can_be_done_again(
    source: Running,
    target: Running,
    steps: Steps,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digest = source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    if (child := os.fork()) == 0:
        if moment != "after":
            place = "artifacts.put_document" if moment == "before" else "uploads._expect"
            monkeypatch.setattr(f"promotions.gateways.oci.{place}", lambda *_, **__: os._exit(9))
        copy(steps, source, target)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    assert copy(steps, source, target) == digest

    manifests = [path for path in target.asked("PUT") if "manifests" in path]
    assert manifests == ["/v2/mirror/web/manifests/v1"]
    assert target.memory.manifests["mirror/web", "v1"] == source.memory.manifests["acme/web", "v1"]


def test_blobs_are_mounted_within_one_registry(source: Running, steps: Steps) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.forget()

    copy(steps, source, source)

    assert [path for path in source.asked("GET") if "blobs" in path] == []
    assert [path for path in source.asked("PUT", "PATCH") if "blobs" in path] == []
    assert source.blob("mirror/web", digest_of(LAYER)) == LAYER


@pytest.mark.parametrize("refusal", [None, Answer(403), Answer(405)])
def test_where_blobs_cannot_be_mounted_they_are_sent(
    source: Running, steps: Steps, refusal: Answer | None
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.memory.mounts = False
    source.memory.fault = lambda it: refusal if "mount=" in it.path else None

    copy(steps, source, source)

    assert source.blob("mirror/web", digest_of(LAYER)) == LAYER


# ---------------------------------------------------------------- uploads
def test_what_is_too_large_at_once_goes_in_chunks(
    source: Running, target: Running, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 30_000)
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    target.memory.largest_body = 50_000

    copy(steps, source, target)

    assert len(target.asked("PATCH")) == 4
    assert target.blob("mirror/web", digest_of(LAYER)) == LAYER


@pytest.mark.parametrize(("least", "chunks"), [("60000", 2), ("", 4), ("x", 4), ("9" * 400, 4)])
def test_chunks_are_as_long_as_the_registry_wants(
    source: Running,
    target: Running,
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
    least: str,
    chunks: int,
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 30_000)
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    target.memory.largest_body = 70_000
    target.memory.least_chunk = least

    copy(steps, source, target)

    assert len(target.asked("PATCH")) == chunks


def test_a_token_that_runs_out_between_chunks_is_renewed(
    source: Running, target: Running, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 30_000)
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    steps.keyring.held["image", f"{target.host}/mirror/web"] = Credential("bob", "pw")
    target.memory.largest_body = 50_000
    challenge = Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
    target.memory.fault = once(
        lambda it: "30000-" in it.headers.get("content-range", ""), challenge
    )

    copy(steps, source, target)

    assert target.blob("mirror/web", digest_of(LAYER)) == LAYER


def test_an_upload_that_goes_elsewhere_goes_without_credentials(
    source: Running, target: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    steps.keyring.held["image", f"{target.host}/mirror/web"] = Credential("bob", "pw")
    target.memory.token = "t0k3n"

    def store(asked: Asked) -> Answer:
        target.memory.blobs["mirror/web", digest_of(asked.body)] = asked.body
        return Answer(201)

    with scripted_server(store) as elsewhere:
        target.memory.fault = lambda it: (
            Answer(202, headers={"Location": f"http://{elsewhere.host}/up"})
            if it.method == "POST" and "authorization" in it.headers
            else None
        )
        copy(steps, source, target)

    assert elsewhere.asked
    assert all("authorization" not in it.headers for it in elsewhere.asked)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(202),
        Answer(202, headers={"Location": "http://169.254.169.254/x"}),
        Answer(202, headers={"Location": "ftp://x/"}),
        Answer(202, headers={"Location": "http://[::1"}),
        Answer(307, headers={"Location": "/v2/elsewhere"}),
        Answer(200),
        Answer(400, b'{"errors": [{"code": "DENIED", "message": "quota exceeded"}]}'),
    ],
)
def test_an_upload_that_is_not_opened_is_an_error(
    source: Running, target: Running, steps: Steps, answer: Answer
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    target.memory.fault = lambda it: answer if it.method == "POST" else None

    error = failure(lambda: copy(steps, source, target))

    assert kind_of(error) == "ERR"
    assert answer.status != 400 or "DENIED: quota exceeded" in error.message


def test_a_registry_that_stores_something_else_is_found_out(
    source: Running, target: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    lie = Answer(201, headers={"Docker-Content-Digest": digest_of(b"other")})
    target.memory.fault = lambda it: lie if it.method == "PUT" and "manifests" in it.path else None

    assert "under another digest" in failure(lambda: copy(steps, source, target)).message


def test_a_tag_that_was_deleted_is_pushed_again(
    source: Running, target: Running, steps: Steps
) -> None:
    digest = source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    copy(steps, source, target)
    del target.memory.manifests["mirror/web", "v1"]
    target.forget()

    assert copy(steps, source, target) == digest
    assert target.asked(*SENDING) == ["/v2/mirror/web/manifests/v1"]
