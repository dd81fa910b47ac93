"""Responses read piece by piece: bounded in size, time and what they unpack to."""

import gzip
import time
import zlib
from collections.abc import Iterator
from itertools import islice

import pytest

from common.egress import EgressPolicy
from common.errors import UpstreamError
from common.http import Client, Limits, client
from tests.fakes.oci_registry import Answer, Asked, scripted_server
from tests.fakes.raw_server import raw_server

LOCAL = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))


HELLO = gzip.compress(b"hello" * 1000, mtime=0)


@pytest.fixture
def sender() -> Iterator[Client]:
    with client(LOCAL) as made:
        yield made


def read(sender: Client, url: str, limits: Limits | None = None) -> bytes:
    with sender.stream("GET", url, limits=limits or Limits()) as received:
        return b"".join(received.pieces())


def test_a_body_is_read_piece_by_piece(sender: Client) -> None:
    with scripted_server(lambda _: Answer(body=b"x" * 300_000)) as server:
        with sender.stream("GET", f"http://{server.host}/") as received:
            sizes = [len(piece) for piece in received.pieces()]

        assert received.status == 200
        assert received.length == 300_000
    assert sum(sizes) == 300_000
    assert max(sizes) <= 64 * 1024


def test_nothing_is_read_of_a_body_that_nobody_wants(sender: Client) -> None:
    with (
        scripted_server(lambda _: Answer(body=b"x" * 300_000)) as server,
        sender.stream("GET", f"http://{server.host}/") as received,
    ):
        assert received.status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n",
    ],
)
def test_a_body_that_is_cut_off_is_no_body(sender: Client, head: bytes) -> None:
    with raw_server(head, b"half") as host, pytest.raises(UpstreamError) as caught:
        read(sender, f"http://{host}/")

    assert caught.value.retryable


@pytest.mark.parametrize("length", [b"-5", b"abc", b"3\r\nContent-Length: 4"])
def test_a_length_that_makes_no_sense_is_refused(sender: Client, length: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\nbody"
    with raw_server(head) as host, pytest.raises(UpstreamError):
        read(sender, f"http://{host}/")


def test_a_body_without_end_is_given_up_at_the_limit(sender: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [b"400\r\n" + b"x" * 1024 + b"\r\n"] * 500
    with raw_server(head, *pieces) as host, pytest.raises(UpstreamError) as caught:
        read(sender, f"http://{host}/", Limits(max_bytes=100_000))

    assert caught.value.code == "response_too_large"


def test_a_body_that_drips_is_given_up_when_the_time_is_over(sender: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    begun = time.monotonic()
    with raw_server(head, *[b"x"] * 99, pause_seconds=0.2) as host:
        with pytest.raises(UpstreamError) as caught:
            read(sender, f"http://{host}/", Limits(timeout_seconds=0.3))
        assert time.monotonic() - begun < 10

    assert caught.value.code == "upstream_timeout"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", HELLO),
        ("GZIP", HELLO),
        ("deflate", zlib.compress(b"hello" * 1000)),
        ("identity", b"hello" * 1000),
    ],
)
def test_an_encoded_body_is_unpacked(sender: Client, encoding: str, packed: bytes) -> None:
    answer = Answer(body=packed, headers={"Content-Encoding": encoding})
    with scripted_server(lambda _: answer) as server:
        assert sender.request("GET", f"http://{server.host}/").content == b"hello" * 1000


def test_what_unpacks_to_too_much_is_given_up_at_the_limit(sender: Client) -> None:
    answer = Answer(body=gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"})
    with scripted_server(lambda _: answer) as server:
        with sender.stream("GET", f"http://{server.host}/") as received:
            assert max(map(len, islice(received.pieces(), 50))) <= 64 * 1024
        with pytest.raises(UpstreamError) as caught:
            read(sender, f"http://{server.host}/", Limits(max_bytes=1_000_000))

    assert caught.value.code == "response_too_large"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip, gzip", gzip.compress(HELLO, mtime=0)),
        ("br", b"\x0b\x02\x80hello\x03"),
        ("gzip", b"not packed at all"),
        ("gzip", HELLO[:-9]),
    ],
)
def test_an_encoding_that_is_unknown_nested_or_broken_is_refused(
    sender: Client, encoding: str, body: bytes
) -> None:
    answer = Answer(body=body, headers={"Content-Encoding": encoding})
    with scripted_server(lambda _: answer) as server, pytest.raises(UpstreamError) as caught:
        read(sender, f"http://{server.host}/")

    assert caught.value.code == "response_unreadable"


def test_a_body_may_be_sent_in_pieces_with_its_length(sender: Client) -> None:
    with scripted_server(lambda _: Answer(201)) as server:
        sender.request(
            "PUT",
            f"http://{server.host}/",
            headers=[("Content-Length", "6")],
            content=iter([b"abc", b"def"]),
            limits=Limits(max_redirects=0),
        )

    assert server.asked[0].body == b"abcdef"
    assert "transfer-encoding" not in server.asked[0].headers


@pytest.mark.parametrize("target", ["http://[::1", "http://\x00/", "http://a b:x/"])
def test_a_redirect_to_nonsense_is_an_error_and_no_accident(sender: Client, target: str) -> None:
    answer = Answer(302, headers={"Location": target})
    with scripted_server(lambda _: answer) as server, pytest.raises(UpstreamError):
        read(sender, f"http://{server.host}/")


def test_cookies_of_one_request_are_not_shown_in_the_next(sender: Client) -> None:
    answer = Answer(headers={"Set-Cookie": "sid=alice; Path=/"})
    with scripted_server(lambda _: answer) as server:
        for _ in range(2):
            sender.request("GET", f"http://{server.host}/")

    assert "cookie" not in server.asked[1].headers


def test_a_redirect_is_followed_before_the_body_is_given(sender: Client) -> None:
    def script(asked: Asked) -> Answer:
        moved = Answer(302, body=b"x" * 5000, headers={"Location": "/there"})
        return Answer(body=b"there") if asked.path == "/there" else moved

    with scripted_server(script) as server:
        assert read(sender, f"http://{server.host}/", Limits(max_bytes=10)) == b"there"
