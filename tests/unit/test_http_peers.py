"""Servers that are believed for their certificate, and certificates that are shown to them."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from common.http import Limits, client
from common.transport import Peer
from tests.fakes.argocd.certificates import Identity, identity
from tests.fakes.raw_server import raw_server

LOCAL = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def _server(shown: Identity, *, asks_for: Identity | None = None) -> Iterator[str]:
    """Answer one request over TLS; the client must show a certificate of ``asks_for``."""
    context = shown.context()
    if asks_for is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=asks_for.ca_pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(65536)
                    secured.sendall(ANSWER)
            except OSError:
                connection.close()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/"
        thread.join(5)


def test_a_client_shows_its_certificate() -> None:
    server, mine = identity("127.0.0.1"), identity("promoter")
    pem = (mine.chain_pem + mine.key_pem).decode()

    with (
        _server(server, asks_for=mine) as url,
        client(LOCAL, ca_certificates=server.ca_pem, client_certificate=pem) as sender,
    ):
        assert sender.request("GET", url).content == b"ok"


def test_a_certificate_that_is_shown_to_one_is_not_shown_to_all() -> None:
    server, mine = identity("127.0.0.1"), identity("promoter")
    pem = (mine.chain_pem + mine.key_pem).decode()

    with (
        _server(server, asks_for=mine) as url,
        client(LOCAL, ca_certificates=server.ca_pem, client_certificate=pem),
        client(LOCAL, ca_certificates=server.ca_pem) as other,
        pytest.raises(UpstreamError),
    ):
        other.request("GET", url)


@pytest.mark.parametrize("pem", ["nothing", identity("a").chain_pem.decode()])
def test_a_certificate_without_its_key_is_refused(pem: str) -> None:
    with pytest.raises(InvalidError, match="with the key unencrypted"):
        client(LOCAL, client_certificate=pem)


def test_a_key_of_another_certificate_is_refused() -> None:
    pem = (identity("a").chain_pem + identity("b").key_pem).decode()

    with pytest.raises(InvalidError, match="belonging to the certificate"):
        client(LOCAL, client_certificate=pem)


def test_authorities_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(InvalidError, match="cannot be read"):
        client(LOCAL, ca_certificates="-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----")


def test_a_pin_is_checked_even_if_an_authority_vouches() -> None:
    server = identity("127.0.0.1")
    peer = Peer(sha256="0" * 64)

    with (
        _server(server) as url,
        client(LOCAL, ca_certificates=server.ca_pem, peer=peer) as sender,
        pytest.raises(UpstreamError, match="not the pinned one"),
    ):
        sender.request("GET", url)


def test_silence_ends_a_response_long_before_its_time_is_over() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst"
    limits = Limits(timeout_seconds=60, idle_seconds=0.1)

    with (
        raw_server(head, pause_seconds=0.5) as host,
        client(LOCAL) as sender,
        sender.stream("GET", f"http://{host}/", limits=limits) as received,
    ):
        pieces = received.pieces()
        assert next(pieces) == b"first"
        with pytest.raises(UpstreamError, match="did not answer in time"):
            next(pieces)


def test_what_comes_slowly_but_steadily_is_not_silence() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    limits = Limits(timeout_seconds=60, idle_seconds=0.5)

    with raw_server(head, *[b"x"] * 5, pause_seconds=0.05) as host, client(LOCAL) as sender:
        assert sender.request("GET", f"http://{host}/", limits=limits).content == b"xxxxx"
