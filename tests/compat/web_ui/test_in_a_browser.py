"""A page of another origin in a real browser: what it lets the page send, read and follow."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.browsers import chromium
from tests.compat.web_ui.conftest import token_of
from tests.factories.people import make_operator
from tests.factories.rich import make_rich
from tests.functional.api.wire import serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SCRIPT = """
async ([api, token, alias]) => {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
  const call = async (path, options) => {
    try {
      const response = await fetch(api + path, { headers, ...options });
      return response.status;
    } catch {
      return 'kept from the page';
    }
  };
  const follow = async () => {
    try {
      const response = await fetch(`${api}/v1beta1/projects/demo/stages?watch=true`, {
        headers: { Authorization: headers.Authorization }
      });
      const { value } = await response.body.getReader().read();
      return new TextDecoder().decode(value).slice(0, 22);
    } catch {
      return 'kept from the page';
    }
  };
  return [
    await call('/v1beta1/projects'),
    await call(`/v1beta1/projects/demo/freight/${alias}/alias?newAlias=calm-cat`, {
      method: 'PATCH'
    }),
    await call('/v1beta1/resources', {
      method: 'POST',
      body: 'kind: none',
      headers: { ...headers, 'Content-Type': 'text/plain' }
    }),
    await call('/v1beta1/projects/none'),
    await follow(),
    await call('/v1beta1/projects', { credentials: 'include' }),
    await call('/api/v1/tenants')
  ];
}
"""
KEPT = "kept from the page"


class _BlankPage(BaseHTTPRequestHandler):
    """Answers every address with an empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>UI</title>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def pages() -> Iterator[str]:
    """Serve pages; give their origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _BlankPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def answers_to(origin: str, *given: str) -> list[Any]:
    """Return what the calls of a page of ``origin`` come to in a browser."""
    with chromium() as browser:
        page = browser.new_page()
        page.goto(f"{origin}/project/demo")
        answers: list[Any] = page.evaluate(SCRIPT, list(given))
    return answers


def test_a_browser_lets_a_listed_page_work_with_a_token_and_a_stranger_do_nothing() -> None:
    alias = make_rich().spare.alias
    token = token_of(make_operator("admin"))

    with (
        pages() as listed,
        pages() as stranger,
        serving(KARGO_CORS_ALLOWED_ORIGINS=listed) as server,
    ):
        given = (f"http://127.0.0.1:{server.port}", token, alias)
        refused, allowed = answers_to(stranger, *given), answers_to(listed, *given)

    assert refused == [KEPT] * 7
    started = 'data: {"type":"ADDED",'
    assert allowed == [200, 200, 422, 404, started, KEPT, KEPT]
