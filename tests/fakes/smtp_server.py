"""A mail server on loopback: STARTTLS, AUTH, refusals, slowness and nonsense.

It follows RFC 5321 (order of commands, ``250`` and ``354``), RFC 3207 (nothing that was said before
TLS counts after it) and RFC 4954 (no AUTH that was not offered).
"""

import base64
import datetime as dt
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Received:
    """One e-mail: its envelope, its content, and whether it came over TLS, and from whom."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    over_tls: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        parsed = BytesParser(policy=SMTP).parsebytes(self.content)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass
class FakeMailServer:
    """How the server behaves, and what it got.

    Attributes:
        users: Passwords by name; empty asks for none.
        tls: A context to offer STARTTLS with.
        is_implicit: TLS from the first byte.
        refused: Recipients that are refused, with which reply.
        greeting: Sent instead of a proper one.
        after_data: Sent after an e-mail instead of ``250``; empty hangs up, the e-mail taken.
        before_taking: Asked when an e-mail has come, before it is taken; true hangs up.
        when_taken: Asked when an e-mail is taken; true hangs up without saying so.
        drip_seconds: Send the greeting for ever, a byte each time.
        chatter: Send this many lines to ``EHLO``.
    """

    users: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    is_implicit: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    greeting: str = "220 mail.test ESMTP"
    after_data: str = "250 2.0.0 taken"
    before_taking: Callable[[], bool] = lambda: False
    when_taken: Callable[[], bool] = lambda: False
    drip_seconds: float = 0.0
    chatter: int = 0
    mails: list[Received] = field(default_factory=list)
    port: int = 0


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: "_Server"

    def setup(self) -> None:
        super().setup()
        self.fake = self.server.fake
        self.over_tls = self.fake.is_implicit
        self._reset()
        self.user = ""
        if self.fake.is_implicit:
            self._secure()

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def handle(self) -> None:
        try:
            self._talk()
        except (OSError, ValueError):
            return

    def _talk(self) -> None:
        while self.fake.drip_seconds:
            self.wfile.write(b"2")
            time.sleep(self.fake.drip_seconds)
        self._say(self.fake.greeting)
        while line := self.rfile.readline(2048):
            verb, _, rest = line.decode("ascii", "replace").strip().partition(" ")
            handler = getattr(self, f"do_{verb.lower()}", None)
            if handler is None:
                self._say("500 unknown command")
            elif handler(rest):
                return

    def do_ehlo(self, _rest: str) -> None:
        self._reset()
        self.wfile.write(b"250-mail.test\r\n")
        for _ in range(self.fake.chatter):
            self.wfile.write(b"250-" + b"x" * 70 + b"\r\n")
        if self.fake.tls is not None and not self.over_tls:
            self.wfile.write(b"250-STARTTLS\r\n")
        if self.fake.users and (self.over_tls or self.fake.tls is None):
            self.wfile.write(b"250-AUTH PLAIN\r\n")
        self._say("250 SMTPUTF8")

    def do_starttls(self, _rest: str) -> None:
        if self.fake.tls is None:
            self._say("502 not here")
            return
        self._say("220 go ahead")
        self._secure()
        self._reset()

    def do_auth(self, rest: str) -> None:
        kind, _, initial = rest.partition(" ")
        if kind != "PLAIN" or not self.fake.users or (self.fake.tls and not self.over_tls):
            self._say("504 not offered")
            return
        _, user, password = base64.b64decode(initial).decode().split("\0")
        if self.fake.users.get(user) != password:
            self._say(f"535 5.7.8 bad credentials {password}")
            return
        self.user = user
        self._say("235 welcome")

    def do_mail(self, rest: str) -> None:
        if self.fake.users and not self.user:
            self._say("530 5.7.0 authentication required")
            return
        self.sender = _path(rest)
        self._say("250 ok")

    def do_rcpt(self, rest: str) -> None:
        recipient = _path(rest)
        if not self.sender:
            self._say("503 MAIL first")
        elif recipient in self.fake.refused:
            self._say(self.fake.refused[recipient])
        else:
            self.recipients.append(recipient)
            self._say("250 ok")

    def do_data(self, _rest: str) -> bool:
        if not self.sender or not self.recipients:
            self._say("503 RCPT first")
            return False
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.fake.before_taking():
            return True
        self.fake.mails.append(
            Received(self.sender, tuple(self.recipients), b"".join(lines), self.over_tls, self.user)
        )
        self._reset()
        if self.fake.when_taken() or not self.fake.after_data:
            return True
        self._say(self.fake.after_data)
        return False

    def do_rset(self, _rest: str) -> None:
        self._reset()
        self._say("250 ok")

    def do_quit(self, _rest: str) -> bool:
        self._say("221 bye")
        return True

    def _reset(self) -> None:
        self.sender = ""
        self.recipients: list[str] = []

    def _secure(self) -> None:
        assert self.fake.tls is not None
        self.connection = self.fake.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile: Any = self.connection.makefile("wb", buffering=0)
        self.over_tls = True

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, fake: FakeMailServer) -> None:
        self.fake = fake
        super().__init__(("127.0.0.1", 0), _Session)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are what the tests are about."""


@contextmanager
def serving_mail(fake: FakeMailServer) -> Iterator[FakeMailServer]:
    """Serve until the block ends; ``port`` says where."""
    with _Server(fake) as server:
        fake.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def server_context(folder: Path) -> ssl.SSLContext:
    """Return a context with a certificate for ``localhost`` that nobody has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins.replace(year=2120))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _path(text: str) -> str:
    return text.partition("<")[2].partition(">")[0]
