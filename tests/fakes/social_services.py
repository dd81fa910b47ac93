"""GitHub and GitLab as far as signing in with them goes, on loopback."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ACCESS_TOKEN = "gho_a-token-of-alice"
CLIENT_SECRET = "the-secret-of-the-app"


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered instead of the usual."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass(slots=True)
class FakeService:
    """What the service says; a test changes it as it likes.

    Attributes:
        challenges: The PKCE challenge that each code was given for; a code buys one token.
        asked: Method and path of each request.
        redeemed: The forms that came to the token endpoint.
        pages: Answers instead of the usual ones, by path.
    """

    url: str
    user: dict[str, Any] = field(default_factory=dict)
    emails: Any = None
    challenges: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    redeemed: list[dict[str, str]] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)


@contextmanager
def fake_service() -> Iterator[FakeService]:
    """Run a service on loopback that knows alice."""

    class Handler(_Handler):
        fake: FakeService

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.fake = FakeService(
        f"http://127.0.0.1:{server.server_port}",
        user={"id": 7, "login": "alice", "username": "alice", "name": "Alice"},
        emails=[
            {"email": "alice@home.example", "primary": True, "verified": True},
            {"email": "alice@corp.example", "primary": False, "verified": True},
            {"email": "boss@corp.example", "primary": False, "verified": False},
        ],
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeService

    def do_POST(self) -> None:
        self._note()
        text = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = {name: values[0] for name, values in parse_qs(text).items()}
        self.fake.redeemed.append(form)
        if not self._answered_otherwise():
            known = self._is_proved(form)
            said = {"access_token": ACCESS_TOKEN, "token_type": "bearer"}
            self._json(said if known else {"error": "bad_verification_code"})

    def do_GET(self) -> None:
        self._note()
        path = urlsplit(self.path).path
        if self._answered_otherwise():
            return
        if not self._is_authorized():
            self._send(Page(401, b'{"message": "Bad credentials"}'))
        elif path == "/user/emails":
            self._json(self.fake.emails)
        elif path in {"/user", "/api/v4/user"}:
            self._json(self.fake.user)
        else:
            self._send(Page(404))

    def _note(self) -> None:
        self.fake.asked.append(f"{self.command} {urlsplit(self.path).path}")

    def _is_proved(self, form: Mapping[str, str]) -> bool:
        """Tell whether a code is known, not used, and was asked for by who redeems it."""
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        challenge = self.fake.challenges.pop(form.get("code", ""), None)
        return challenge == proof and form.get("client_secret") == CLIENT_SECRET

    def _is_authorized(self) -> bool:
        """Tell whether the token is shown as each of the two has it."""
        in_query = parse_qs(urlsplit(self.path).query).get("access_token", [])
        in_header = self.headers.get("Authorization", "")
        return in_query == [ACCESS_TOKEN] or in_header == f"token {ACCESS_TOKEN}"

    def _answered_otherwise(self) -> bool:
        page = self.fake.pages.get(urlsplit(self.path).path)
        if page is not None:
            self._send(page)
        return page is not None

    def _json(self, document: Any) -> None:
        self._send(Page(200, json.dumps(document).encode()))

    def _send(self, page: Page) -> None:
        self.send_response(page.status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
