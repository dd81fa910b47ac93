"""Hostile texts, wherever they are kept, are texts on every page and never a part of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.factories.people import PASSWORD
from tests.functional.hostile_web.live import serving_scene
from tests.functional.hostile_web.payloads import IN_PAGE

pytestmark = pytest.mark.slow
PORTAL = (
    "/",
    "/projects",
    "/projects?q=javascript:alert(1)%27%22%3E%3Csvg%20onload=alert(1)%3E",
    "/members",
    *(
        f"/projects/{project}{page}"
        for project in ("shop", "broken")
        for page in (
            *("", "/audit", "/members", "/freight", "/promotions"),
            *("/stages/test", "/stages/test/card", "/stages/test/promote"),
            *("/warehouses/main", "/warehouses/main/card", "/audit/1"),
        )
    ),
    "/projects/shop/stages/uat?freight=%22%3E%3Csvg%20onload=alert(1)%3E",
    "/accounts/login/?next=%22%3E%3Csvg%20onload=alert(1)%3E",
    "/accounts/2fa/",
    "/api/docs?url=https://evil.example/schema&configUrl=https://evil.example/config",
    "/%3Cscript%3Ealert(1)%3C/script%3E",
)


@dataclass(slots=True)
class Watch:
    """What a browser noticed that must not be."""

    noticed: list[str] = field(default_factory=list)

    def on(self, page: Page, site: str) -> None:
        host = urlsplit(site).netloc

        def asked(url: str) -> None:
            if urlsplit(url).scheme in {"http", "https"} and urlsplit(url).netloc != host:
                self.noticed.append(f"asked {url} on {page.url}")

        def said(text: str) -> None:
            if "Content Security Policy" in text or "Content-Security-Policy" in text:
                self.noticed.append(f"{text[:200]} on {page.url}")

        def asked_back(dialog: Dialog) -> None:
            self.noticed.append(f"dialog on {page.url}")
            dialog.dismiss()

        page.on("request", lambda it: asked(it.url))
        page.on("console", lambda it: said(it.text))
        page.on("dialog", asked_back)


@pytest.fixture(scope="module")
def site(blank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving_scene(blank_folder, tmp_path_factory.mktemp("site")) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def page(browser: Browser, site: str, watch: Watch) -> Iterator[Page]:
    """A page signed in as the operator, without scripts' help in finding the way."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{site}/accounts/login/")
    page.fill("#id_login", "admin")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{site}/")
    watch.on(page, site)
    yield page
    context.close()


def look(page: Page, site: str, path: str) -> tuple[int, list[str]]:
    """Return the status of a page, and what of it is not ours."""
    response = page.goto(f"{site}{path}", wait_until="load")
    assert response is not None
    if "html" not in response.headers.get("content-type", ""):
        return response.status, []
    return response.status, [f"{path}: {it}" for it in page.evaluate(IN_PAGE)]


def test_the_portal_shows_hostile_texts_as_texts(page: Page, site: str, watch: Watch) -> None:
    more = _links(page, site, "/projects/shop/promotions") + _links(
        page, site, "/projects/shop/freight"
    )
    statuses: dict[str, int] = {}
    alien: list[str] = []

    for path in [*PORTAL, *more]:
        statuses[path], found = look(page, site, path)
        alien += found

    assert alien == []
    assert watch.noticed == []
    assert {path: it for path, it in statuses.items() if it >= 500} == {}
    shown = page.goto(f"{site}/projects/shop/stages/test")
    assert shown is not None
    assert "onerror=alert(1)" in page.inner_text("body")


def test_the_admin_shows_hostile_texts_as_texts(page: Page, site: str, watch: Watch) -> None:
    lists = [it for it in _links(page, site, "/admin/") if it.count("/") == 4]
    statuses: dict[str, int] = {}
    alien: list[str] = []

    for path in lists:
        statuses[path], found = look(page, site, path)
        alien += found
        rows = page.eval_on_selector_all(
            "#result_list th a, #result_list td a",
            "them => them.map((it) => it.getAttribute('href'))",
        )
        for row in [it for it in rows if "/change" in it][:1]:
            address = urlsplit(page.url)._replace(query="").geturl()
            page.goto(address)
            page.click(f"#result_list a[href='{row}'] >> nth=0")
            page.wait_for_load_state("load")
            alien += [f"{page.url}: {it}" for it in page.evaluate(IN_PAGE)]

    assert len(lists) > 20
    assert alien == []
    assert watch.noticed == []
    assert {path: it for path, it in statuses.items() if it >= 500} == {}


def test_a_page_of_another_site_cannot_show_ours_in_a_frame(
    browser: Browser, site: str, tmp_path: Path
) -> None:
    frames = "".join(
        f'<iframe src="{site}{path}"></iframe>'
        for path in ("/accounts/login/", "/api/docs", "/healthz", "/nothing", "/v1beta1/projects")
    )
    (tmp_path / "evil.html").write_text(f"<!doctype html><body>{frames}")
    context = browser.new_context()
    page = context.new_page()

    page.goto(f"file://{tmp_path / 'evil.html'}", wait_until="load")

    inner = [it.url for it in page.frames if it.parent_frame is not None]
    context.close()
    assert len(inner) == 5
    assert [it for it in inner if it.startswith("http")] == []


def _links(page: Page, site: str, path: str) -> list[str]:
    page.goto(f"{site}{path}", wait_until="load")
    hrefs: list[str] = page.eval_on_selector_all(
        "a[href]", "them => them.map((it) => it.getAttribute('href'))"
    )
    ours = {it for it in hrefs if it.startswith("/") and not it.startswith("//")}
    return sorted(it for it in ours if "logout" not in it and it.startswith(path))
