"""The portal in a real browser, under its content security policy."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories.people import PASSWORD
from tests.functional.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = ["/", "/projects", "/projects/shop", "/projects/shop/stages/test", "/projects/broken"]


def test_a_stage_that_fails_shows_it_without_a_reload(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop")
    page.evaluate("window.isTheSamePage = true")
    expect(page.locator("#stage-uat")).to_contain_text("Promoting")

    site.direct("fail")

    expect(page.locator("#stage-uat")).to_contain_text("Unhealthy", timeout=10_000)
    expect(page.locator("#troubles")).to_contain_text("0 of 3 replicas are ready", timeout=10_000)
    assert page.evaluate("window.isTheSamePage") is True


def test_a_new_stage_appears_in_the_graph_without_a_reload(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop")
    expect(page.locator("#stage-archive")).to_have_count(0)

    site.direct("grow")

    expect(page.locator("#stage-archive")).to_be_visible(timeout=10_000)


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_page_is_wider_than_its_window(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in PAGES:
        page.goto(site.url + address)

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_the_theme_is_remembered(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop")
    page.click("#theme")
    chosen = page.locator("html").get_attribute("data-theme")

    page.goto(f"{site.url}/projects")

    assert chosen == "dark"
    assert page.locator("html").get_attribute("data-theme") == chosen


def test_a_promotion_is_asked_for_without_any_script(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/projects/shop/stages/prod")
    page.fill("#id_login", "alice")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")

    page.click("form.choices button[type=submit]")

    expect(page.locator(".messages")).to_contain_text("to prod is queued")
    expect(page.locator("#promotion h1")).to_contain_text("prod")
    context.close()


def test_arrow_keys_follow_the_edges(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop")
    page.focus("#warehouse-main h3 a")

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")

    focused = page.evaluate("document.activeElement.closest('.card').id")
    assert focused == "stage-test"


def test_a_preview_is_asked_for_without_any_script(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/projects/shop/stages/test")
    page.fill("#id_login", "alice")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")

    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Trying the promotion")
    site.direct("preview")
    page.get_by_role("link", name="Look again").click()

    expect(page.locator("#effects-head")).to_be_visible()
    expect(page.locator(".diff-added")).to_contain_text("image: v2")
    context.close()


def test_a_preview_appears_when_it_is_made(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop/stages/test")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Trying the promotion")

    site.direct("preview")

    expect(page.locator("#effects-head")).to_be_visible(timeout=10_000)
