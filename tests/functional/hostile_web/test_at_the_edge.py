"""A server under https: its headers and cookies, and what it makes of nonsense."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.factories.people import PASSWORD
from tests.functional.hostile_web.live import HOST, serving_scene, talk

pytestmark = pytest.mark.slow
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
DIRECTIVES = {
    "default-src": {"'self'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
    "object-src": {"'none'"},
}
OPEN = (
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/3rdparty/login/error/",
    "/admin/login/",
    "/admin/",
    "/",
    "/nothing",
    "/healthz",
    "/api/docs",
    "/api/schema",
    "/v1beta1/projects",
    "/v1beta1/nothing",
    "/v1beta1/system/public-server-config",
    "/api/v1/tenants",
    "/oidc/nothing/login/",
    "/static/nothing.css",
    "/static/img/icons.svg",
    "/static/js/kargo.js",
    "/a%00b",
)
INSIDE = (
    "/",
    "/projects/shop",
    "/projects/nothing",
    "/projects/shop/stages/uat",
    "/members",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/password/change/",
    "/admin/",
    "/admin/rbac/user/",
    "/v1beta1/projects",
    "/v1beta1/projects/shop",
)


@pytest.fixture(scope="module")
def port(blank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    settings = {"KARGO_BASE_URL": f"https://{HOST}", "KARGO_ALLOWED_HOSTS": HOST}
    folder = tmp_path_factory.mktemp("site")
    with serving_scene(blank_folder, folder, **settings) as port:
        yield port
    said = (folder / "server.log").read_text()
    assert "Internal Server Error" not in said


@pytest.fixture
def visitor(port: int) -> Iterator[httpx.Client]:
    """Somebody behind the proxy that speaks TLS with them."""
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def admin(visitor: httpx.Client) -> httpx.Client:
    sign_in(visitor)
    return visitor


def sign_in(visitor: httpx.Client) -> httpx.Response:
    """Sign in; the jar does not send secure cookies over this plain connection by itself."""
    page = visitor.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    visitor.headers["Cookie"] = _sent(page)
    visitor.headers["Origin"] = f"https://{HOST}"
    form = {"login": "admin", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    response = visitor.post("/accounts/login/", data=form)
    assert response.status_code == 302, response.text
    visitor.headers["Cookie"] = _sent(response)
    return response


def _sent(response: httpx.Response) -> str:
    found = (it.partition(";")[0] for it in response.headers.get_list("set-cookie"))
    return "; ".join(found)


def policy(response: httpx.Response) -> dict[str, set[str]]:
    text = response.headers["content-security-policy"]
    parts = (it.split() for it in text.split(";"))
    return {name: set(sources) for name, *sources in parts}


def assert_guarded(response: httpx.Response) -> None:
    wrong = {name: response.headers.get(name) for name in ALWAYS} | ALWAYS
    where = f"{response.request.url.path} {response.status_code}"
    missing = {name: it for name, it in ALWAYS.items() if response.headers.get(name) != it}
    assert missing == {}, (where, wrong)
    found = policy(response)
    assert {name: found.get(name) for name in DIRECTIVES} == DIRECTIVES, where
    scripts = found.get("script-src", found["default-src"])
    assert scripts == {"'self'"}, where
    assert "max-age=31536000" in response.headers["strict-transport-security"], where
    assert "camera=()" in response.headers["permissions-policy"], where
    assert "max-age" in response.headers["cache-control"] or _is_unkept(response), where


def _is_unkept(response: httpx.Response) -> bool:
    return "no-store" in response.headers["cache-control"]


def test_every_answer_to_strangers_is_guarded(visitor: httpx.Client) -> None:
    for path in OPEN:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "TRACE", "NONSENSE"):
            response = visitor.request(method, path)

            assert response.status_code < 500, (method, path)
            assert_guarded(response)
            if not path.startswith("/static/"):
                assert _is_unkept(response), (method, path)


def test_every_answer_to_people_is_guarded_and_kept_nowhere(admin: httpx.Client) -> None:
    for path in INSIDE:
        response = admin.get(path)

        assert response.status_code in {200, 302, 404}, path
        assert_guarded(response)
        assert _is_unkept(response), path


def test_static_files_are_kept_by_browsers(visitor: httpx.Client) -> None:
    response = visitor.get("/static/js/kargo.js")

    assert response.status_code == 200
    assert "max-age" in response.headers["cache-control"]
    assert "set-cookie" not in response.headers


def test_a_stream_of_events_is_guarded(admin: httpx.Client) -> None:
    for path in ("/projects/shop/events", "/v1beta1/projects/shop/stages?watch=true"):
        with admin.stream("GET", path) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            assert "max-age" not in response.headers["cache-control"]
            assert policy(response)["frame-ancestors"] == {"'none'"}
            assert response.headers["x-content-type-options"] == "nosniff"


def test_only_the_page_about_the_api_has_inline_styles(visitor: httpx.Client) -> None:
    loose = [it for it in OPEN if "unsafe" in str(policy(visitor.get(it)))]

    assert loose == ["/api/docs"]
    assert "unsafe-inline" not in str(policy(visitor.get("/api/docs")).get("script-src", ""))


def test_cookies_are_bound_to_this_host_and_to_tls(visitor: httpx.Client) -> None:
    page = visitor.get("/accounts/login/")
    response = sign_in(visitor)

    cookies = [*page.headers.get_list("set-cookie"), *response.headers.get_list("set-cookie")]
    names = {it.partition("=")[0] for it in cookies}
    assert {"__Host-sessionid", "__Host-csrftoken"} <= names
    for cookie in cookies:
        flags = {it.strip().lower() for it in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, cookie
        assert not any(it.startswith("domain") for it in flags), cookie


def test_cookies_of_other_names_count_for_nothing(admin: httpx.Client) -> None:
    session = re.search(r"__Host-sessionid=(\w+)", admin.headers["Cookie"])
    assert session is not None
    assert admin.get("/projects").status_code == 200

    admin.headers["Cookie"] = f"sessionid={session[1]}"

    assert admin.get("/projects").status_code == 302


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.{HOST}",
        f"{HOST}.evil.example",
        f"{HOST}@evil.example",
        f"evil.example:80@{HOST}",
        f"{HOST}:evil",
        f"{HOST}/evil",
        f"{HOST}, evil.example",
        f"{HOST}#evil.example",
        "127.0.0.1",
        "",
        "[::1",
        "<script>",
        "a" * 5000,
    ],
)
def test_an_unknown_host_gets_a_plain_refusal(port: int, host: str) -> None:
    for path in ("/", "/accounts/login/", "/v1beta1/projects"):
        raw = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: {HOST}\r\n\r\n"
        answer = talk(port, raw.encode())

        assert answer.startswith(b"HTTP/1.1 400"), (path, answer[:200])
        assert b"Traceback" not in answer
        assert b"ALLOWED_HOSTS" not in answer
        assert b"evil" not in answer


@pytest.mark.parametrize(
    "raw",
    [
        "GET https://evil.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET //evil.example/ HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-Host: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nForwarded: host=evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}:8443\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: {host}\r\nX-Original-URL: /\r\nX-Rewrite-URL: //evil\r\n\r\n",
    ],
)
def test_no_header_changes_where_people_are_sent(port: int, raw: str) -> None:
    answer = talk(port, raw.format(host=HOST).encode())

    assert b"evil" not in answer
    location = re.search(rb"\r\nlocation: (\S+)", answer)
    if location is not None:
        assert urlsplit(location[1].decode()).netloc == ""
        assert location[1].startswith(b"/accounts/login/")


NONSENSE = {
    "raw bytes in the query": b"GET /projects?q=\xff\xfe @\r\n",
    "raw bytes in the path": b"GET /projects/\xff\xfe @\r\n",
    "raw NUL in the path": b"GET /a\x00b @\r\n",
    "no path": b"GET  @\r\n",
    "an asterisk": b"OPTIONS * @\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two lengths": b"POST / @Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": b"POST / @Content-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST / @Content-Length: -1\r\n\r\n",
    "a huge header": b"GET / @X-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET / @" + b"X-A: b\r\n" * 5000 + b"\r\n",
    "a huge cookie": b"GET / @Cookie: a=" + b"b" * 60_000 + b"\r\n\r\n",
    "a session of NULs": b'GET / @Cookie: __Host-sessionid="aaaaaaaaaaaa\\000"\r\n\r\n',
    "a long address": b"GET /" + b"a" * 60_000 + b" @\r\n",
    "a long query": b"GET /projects?q=" + b"a" * 60_000 + b" @\r\n",
    "many parameters": b"GET /accounts/login/?" + b"a=1&" * 12_000 + b" @\r\n",
    "a folded header": b"GET / @X-A: a\r\n b\r\n\r\n",
    "no protocol": b"hello\r\n\r\n",
}


@pytest.mark.parametrize("raw", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_refused_without_a_trace(port: int, raw: bytes) -> None:
    answer = talk(port, raw.replace(b"@", f"HTTP/1.1\r\nHost: {HOST}\r\n".encode()))

    status = re.match(rb"HTTP/1\.[01] (\d+)", answer)
    assert not answer or status is not None, answer[:200]
    assert status is None or int(status[1]) < 500, answer[:300]
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static/..%2f..%2fmanage.py",
        "/static/....//manage.py",
        "/static/%00",
        "/static//etc/passwd",
        "/static/%5c..%5c..%5cmanage.py",
        "/static/js/",
        "/static/../secret.key",
        "/secret.key",
        "/.git/config",
        "/.env",
    ],
)
def test_only_static_files_are_static(port: int, path: str) -> None:
    answer = talk(port, f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())

    assert re.match(rb"HTTP/1\.1 (404|400|302)", answer), answer[:100]
    assert b"DJANGO_SETTINGS_MODULE" not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/v1beta1/resources", "/nothing"])
def test_bodies_that_no_route_takes_are_refused_unread(port: int, path: str) -> None:
    said = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9000000000\r\n"
        "Content-Type: application/json\r\n\r\n"
    )
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    in_chunks = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert talk(port, said.encode()).startswith(b"HTTP/1.1 413")
    assert talk(port, in_chunks.encode() + chunk * 12)[:12] in {b"HTTP/1.1 413", b""}
