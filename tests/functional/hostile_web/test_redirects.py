"""Nobody is sent to another site, whatever an address or a form says."""

import re
from urllib.parse import quote

import pytest
from django.contrib.auth import SESSION_KEY
from django.http.response import HttpResponseBase
from django.test import Client

from rbac.models import User
from tests.factories.people import PASSWORD
from tests.functional.hostile_web.table import entries
from tests.functional.portal.scenes import Scene

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_suffices]
ELSEWHERE = (
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https:evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "%2f%2fevil.example",
    "/%2f/evil.example/..//",
    "//evil.example%2f..",
    "https://testserver@evil.example/",
    "https://testserver:80@evil.example/",
    "https://evil.example#testserver",
    "https://testserver.evil.example./",
    "https://127.0.0.1/",
    "http://localhost/",
    "http://testserver/",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil。example",
    "ftp://evil.example",
    "\x00//evil.example",
    " //evil.example",
    "/\r\nLocation: https://evil.example",
    "evil.example",
    "portal:home",
    "..//evil.example",
    "?x",
    "[",
)
PARAMETERS = ("next", "redirect", "RelayState", "return_to", "url", "continue", "redirect_uri")
LOOSE = re.compile(r"[\t\n\r]")


def leads_away(location: str) -> bool:
    """Tell whether a browser leaves the site. Source: WHATWG URL, basic URL parser."""
    plain = LOOSE.sub("", location.strip("".join(map(chr, range(33))))).replace("\\", "/")
    if plain.startswith("//"):
        return True
    return re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", plain) is not None


def assert_stays(response: HttpResponseBase, *, asked: str) -> None:
    assert response.status_code not in {500, 502}, asked
    assert not leads_away(response.headers.get("Location", "")), asked
    assert "HX-Redirect" not in response.headers, asked
    assert "evil" not in response.headers.get("Refresh", ""), asked


@pytest.mark.slow
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_route_leads_away(operator: User, method: str) -> None:
    for entry in entries():
        for who in (None, operator):
            for evil in ("//evil.example", "https://evil.example/"):
                client = Client(raise_request_exception=False)
                if who:
                    client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
                asked = dict.fromkeys(PARAMETERS, evil)
                query = "&".join(f"{name}={quote(evil)}" for name in PARAMETERS)
                response = (
                    client.get(f"{entry.path}?{query}")
                    if method == "get"
                    else client.post(f"{entry.path}?{query}", asked)
                )
                assert_stays(response, asked=f"{method} {entry.path} {evil}")


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(operator: User, evil: str) -> None:
    client = Client(raise_request_exception=False)

    shown = client.get("/accounts/login/", {"next": evil})
    response = client.post(
        "/accounts/login/", {"login": "root", "password": PASSWORD, "next": evil}
    )

    assert shown.status_code == (400 if "\0" in evil else 200)
    assert response.status_code == 302
    assert SESSION_KEY in client.session
    assert_stays(response, asked=evil)


@pytest.mark.parametrize("evil", ELSEWHERE)
@pytest.mark.parametrize(
    "address",
    ["/admin/login/", "/accounts/login/", "/accounts/logout/", "/admin/logout/"],
)
def test_neither_does_signing_out_or_coming_back(operator: User, address: str, evil: str) -> None:
    client = Client(raise_request_exception=False)
    for who in (None, operator):
        if who:
            client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")

        assert_stays(client.get(address, {"next": evil}), asked=evil)
        assert_stays(client.post(f"{address}?next={quote(evil)}", {"next": evil}), asked=evil)


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_acts_on_the_portal_lead_back_to_the_portal(operator: User, evil: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")

    response = client.post("/projects/shop/stages/uat/refresh", {"next": evil})

    assert response.status_code in {302, 400}
    assert_stays(response, asked=evil)


@pytest.mark.parametrize("evil", ELSEWHERE)
def test_showing_who_one_is_again_leads_to_no_other_site(operator: User, evil: str) -> None:
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"login": "root", "password": PASSWORD})

    response = client.post(
        f"/accounts/reauthenticate/?next={quote(evil)}", {"password": PASSWORD, "next": evil}
    )

    assert_stays(response, asked=evil)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/v1beta1/projects/",
        "/v1beta1//evil.example/",
        "/v1beta1/\\evil.example/",
        "/v1beta1/%0d%0aLocation:%20https://evil.example/",
        "/t/default//evil.example/",
        "/t//evil.example/accounts/login/",
        "//evil.example/%2e%2e/",
        "/t/default/accounts//evil.example/",
    ],
)
def test_no_odd_path_becomes_another_site(signed_in: Client, scene: Scene, path: str) -> None:
    response = signed_in.generic("GET", path)

    assert_stays(response, asked=path)
    assert "\n" not in response.headers.get("Location", "")


@pytest.mark.parametrize(
    ("location", "is_away"),
    [
        ("/projects", False),
        ("./x", False),
        ("https://evil.example", True),
        ("//evil.example", True),
        ("/\\evil.example", True),
        ("/\t/evil.example", True),
        ("javascript:alert(1)", True),
    ],
)
def test_this_test_knows_what_a_browser_would_do(location: str, is_away: bool) -> None:  # noqa: FBT001 - a parameter
    assert leads_away(location) is is_away
