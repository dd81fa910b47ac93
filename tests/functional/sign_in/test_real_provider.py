"""A real OpenID provider with PKCE required: a browser signs in, and a command line."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.fixtures import Settings

from rbac.oidc.checks import check_provider
from rbac.oidc.providers import Provider
from tests.fakes.identity_provider import rsa_key, signed, unsigned
from tests.functional.sign_in.live import Live, live

pytestmark = [pytest.mark.slow, pytest.mark.browser]
CALLBACK = "http://localhost:{port}/auth/callback"


@pytest.fixture(scope="module")
def here(blank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(blank_folder, tmp_path_factory.mktemp("sign-in")) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def sign_in(page: Page, here: Live, name: str, *, path: str = "/projects") -> None:
    page.goto(f"{here.site}{path}")
    page.get_by_role("link", name="Sign in with Corporate").click()
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("anything")
    page.locator("button[type=submit]").click()
    page.locator("button[type=submit]").click()  # consent


def test_a_developer_signs_in_and_sees_the_project(page: Page, here: Live) -> None:
    sign_in(page, here, "alice", path="/projects/shop")

    expect(page).to_have_url(f"{here.site}/projects/shop")
    expect(page.locator("h1")).to_contain_text("shop")


def test_somebody_without_a_role_sees_no_project(page: Page, here: Live) -> None:
    sign_in(page, here, "bob")

    expect(page).to_have_url(f"{here.site}/projects")
    expect(page.locator("main")).not_to_contain_text("shop")
    answer = page.request.get(f"{here.site}/v1beta1/projects/shop")
    assert answer.status == 404


def test_signing_out_ends_the_session(page: Page, here: Live) -> None:
    sign_in(page, here, "alice")
    expect(page).to_have_url(f"{here.site}/projects")

    page.goto(f"{here.site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(f"{here.issuer}/session/end"))

    page.goto(f"{here.site}/projects")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_signing_out_goes_on_to_the_provider_and_back(page: Page, here: Live) -> None:
    sign_in(page, here, "alice")
    expect(page).to_have_url(f"{here.site}/projects")

    page.goto(f"{here.site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(f"{here.issuer}/session/end"))
    asked = parse_qs(urlsplit(page.url).query)
    page.get_by_role("button", name="Yes").click()

    expect(page).to_have_url(re.compile(f"{here.site}/accounts/login/"))
    assert asked.keys() == {"client_id", "id_token_hint", "post_logout_redirect_uri"}
    page.get_by_role("link", name="Sign in with Corporate").click()
    expect(page.locator("input[name=password]")).to_be_visible()  # it knows nobody any more


def test_who_stays_signed_in_at_the_provider_is_signed_out_here(page: Page, here: Live) -> None:
    sign_in(page, here, "alice")
    page.goto(f"{here.site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile(f"{here.issuer}/session/end"))
    page.get_by_role("button", name="No").click()

    page.goto(f"{here.site}/projects")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_signing_out_works_without_scripts(browser: Browser, here: Live) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, here, "alice")

    page.goto(f"{here.site}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()

    page.wait_for_url(re.compile(f"{here.issuer}/session/end"))
    context.close()


def test_a_code_that_was_used_signs_nobody_in(browser: Browser, here: Live) -> None:
    context = browser.new_context()
    page = context.new_page()
    came_back: list[str] = []
    page.on("request", lambda it: came_back.append(it.url) if "/callback/" in it.url else None)
    sign_in(page, here, "alice")
    expect(page).to_have_url(f"{here.site}/projects")
    code = parse_qs(urlsplit(came_back[0]).query)["code"][0]
    with httpx.Client() as thief:
        asked = thief.get(f"{here.site}/oidc/corp/login/").headers["location"]
        answer = {"code": code, "state": parse_qs(urlsplit(asked).query)["state"][0]}

        again = thief.get(f"{here.site}/oidc/corp/callback/", params=answer)
        seen = thief.get(f"{here.site}/projects")
    same = context.request.get(came_back[0], max_redirects=0)

    assert again.headers["location"] == same.headers["location"] == "/accounts/login/"
    assert seen.status_code == 302
    context.close()


FORGED = (
    *("audience", "cli", "party", "issuer", "slash", "nonce", "nononce"),
    *("expired", "future", "none", "key", "state", "code"),
)
"""What is wrong about what people with these names come back with: see ``provider.mjs``."""


@pytest.mark.parametrize("wrong", FORGED)
def test_a_browser_with_a_forged_answer_stays_outside(page: Page, here: Live, wrong: str) -> None:
    sign_in(page, here, f"eve-{wrong}")

    expect(page).to_have_url(f"{here.site}/accounts/login/")
    expect(page.locator("body")).to_contain_text("did not work")
    page.goto(f"{here.site}/projects")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_a_token_that_was_only_signed_again_lets_the_browser_in(page: Page, here: Live) -> None:
    """What keeps the others outside is what is wrong about their tokens, nothing else."""
    sign_in(page, here, "eve-nothing", path="/projects/shop")

    expect(page).to_have_url(f"{here.site}/projects/shop")


def test_what_a_real_provider_publishes_fits(here: Live, settings: Settings) -> None:
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    scopes = ("openid", "profile", "email", "groups")
    corp = Provider(uid=uuid4(), name="corp", issuer=here.issuer, client_id="kargo", scopes=scopes)

    report = check_provider(corp, has_secret=True, ends_session=True)
    slash = check_provider(replace(corp, issuer=f"{here.issuer}/"), has_secret=True)

    assert report.problems == ()
    assert report.endpoints["end_session_endpoint"] == f"{here.issuer}/session/end"
    assert [it.about for it in slash.problems] == ["issuer"]


def test_the_provider_asks_for_pkce(here: Live) -> None:
    asked = {
        "client_id": "kargo",
        "response_type": "code",
        "scope": "openid",
        "redirect_uri": f"{here.site}/oidc/corp/callback/",
        "state": "x",
    }

    with httpx.Client() as http:
        answer = http.get(f"{here.issuer}/auth", params=asked)

    assert "PKCE" in answer.headers["location"].replace("+", " ")


def log_in(here: Live, name: str, *, client_id: str = "") -> dict[str, str]:
    """Do what ``kargo login --sso`` does, and return what the token endpoint answers."""
    with httpx.Client(timeout=15) as http:
        config = http.get(f"{here.site}/v1beta1/system/public-server-config").json()["oidcConfig"]
        found = http.get(f"{config['issuerUrl']}/.well-known/openid-configuration").json()
        assert found["issuer"] == config["issuerUrl"]
        form = {
            "client_id": client_id or config.get("cliClientId") or config["clientId"],
            "redirect_uri": CALLBACK.format(port=50000 + secrets.randbelow(1000)),
        }
        verifier, state = secrets.token_urlsafe(96), secrets.token_urlsafe(18)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            **form,
            "response_type": "code",
            "scope": " ".join([*config["scopes"], "offline_access"]),
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        answer = http.get(found["authorization_endpoint"], params=asked)
        came_back = parse_qs(urlsplit(walk(http, answer, name, form["redirect_uri"])).query)
        assert came_back["state"] == [state]
        redeemed = {**form, "grant_type": "authorization_code", "code": came_back["code"][0]}
        wrong = http.post(found["token_endpoint"], data={**redeemed, "code_verifier": "x" * 64})
        assert wrong.json()["error"] == "invalid_grant"
        answer = http.get(found["authorization_endpoint"], params=asked)
        came_back = parse_qs(urlsplit(walk(http, answer, name, form["redirect_uri"])).query)
        redeemed["code"] = came_back["code"][0]
        tokens = http.post(found["token_endpoint"], data={**redeemed, "code_verifier": verifier})
        assert tokens.status_code == 200, tokens.text
        return {name: str(value) for name, value in tokens.json().items()}


def walk(http: httpx.Client, answer: httpx.Response, name: str, callback: str) -> str:
    """Fill in the provider's forms until it redirects to the command line."""
    for _ in range(12):
        if answer.is_redirect:
            target = urljoin(str(answer.url), answer.headers["location"])
            if target.startswith(callback):
                return target
            answer = http.get(target)
            continue
        action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert action is not None, answer.text
        assert prompt is not None, answer.text
        form = {"prompt": prompt[1], "login": name, "password": "anything"}
        answer = http.post(urljoin(str(answer.url), unescape(action[1])), data=form)
    pytest.fail("the provider never came to an end")


def api(here: Live, token: str, path: str = "/projects") -> httpx.Response:
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as http:
        return http.get(f"{here.site}/v1beta1{path}")


def test_a_command_line_logs_in_and_uses_its_id_token(here: Live) -> None:
    token = log_in(here, "alice")["id_token"]

    listed = api(here, token).json()["items"]
    stages = api(here, token, "/projects/shop/stages")

    assert [it["metadata"]["name"] for it in listed] == ["shop"]
    assert stages.status_code == 200


def test_a_command_line_of_somebody_without_a_role_sees_nothing(here: Live) -> None:
    token = log_in(here, "bob")["id_token"]

    assert api(here, token).json()["items"] == []
    assert api(here, token, "/projects/shop").status_code == 404


def test_a_refreshed_token_works_too(here: Live) -> None:
    tokens = log_in(here, "alice")
    form = {"grant_type": "refresh_token", "client_id": "kargo-cli"}
    form["refresh_token"] = tokens["refresh_token"]

    with httpx.Client() as http:
        renewed = http.post(f"{here.issuer}/token", data=form).json()["id_token"]

    assert api(here, renewed).status_code == 200


def test_what_the_provider_did_not_sign_for_us_is_refused(here: Live) -> None:
    tokens = log_in(here, "alice")
    token = tokens["id_token"]
    header, body, signature = token.split(".")
    claims = {**_decoded(body), "groups": ["developers"]}
    kid = _decoded(header)["kid"]
    forged = {
        "another client's": log_in(here, "alice", client_id="somebody-else")["id_token"],
        "an access token": tokens["access_token"],
        "a refresh token": tokens["refresh_token"],
        "tampered": f"{header}.{unsigned({}, claims).split('.')[1]}.{signature[::-1]}",
        "alg none": unsigned({"alg": "none"}, claims),
        "our own key": signed(claims, {"kid": kid}, key=rsa_key("two")),
    }

    answers = {name: api(here, it).status_code for name, it in forged.items()}

    assert answers == dict.fromkeys(forged, 401)
    assert api(here, token).status_code == 200


def _decoded(part: str) -> dict[str, str]:
    padded = part + "=" * (-len(part) % 4)
    decoded: dict[str, str] = json.loads(base64.urlsafe_b64decode(padded))
    return decoded
