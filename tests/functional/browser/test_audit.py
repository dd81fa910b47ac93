"""Searching the audit in a real browser: by keyboard, without JavaScript, in the dark, narrow."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories.people import PASSWORD
from tests.functional.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(autouse=True, scope="module")
def _acts(site: Site) -> None:
    site.direct("audited")


def open_audit(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop")
    page.get_by_role("link", name="Audit").click()
    expect(page.locator("#audit")).to_be_visible()


def test_an_act_is_found_and_read_by_keyboard(page: Page, site: Site) -> None:
    open_audit(page, site)

    page.get_by_label("Did").fill("stage.update")
    page.keyboard.press("Enter")
    expect(page.locator(".audit .step")).to_have_count(1)
    page.locator(".audit summary").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".diff-removed").last).to_contain_text("requiredSoakTime: 2h")
    expect(page.locator(".diff-added").last).to_contain_text("requiredSoakTime: 1h")
    expect(page.locator(".audit .step-body")).to_contain_text("too long")
    page.get_by_role("link", name="Link to this event").click()
    expect(page.locator("#audit-event")).to_contain_text("203.0.113.7")


def test_it_works_without_javascript(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/accounts/login/")
    page.fill("#id_login", "alice")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    open_audit(page, site)

    page.get_by_label("Who").fill("carol@example.com")
    page.get_by_role("button", name="Search").click()

    expect(page.locator(".audit .step")).to_have_count(2)
    page.locator(".audit summary").first.click()
    expect(page.locator(".audit .diff").first).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_is_wider_than_its_window(page: Page, site: Site, width: int, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    open_audit(page, site)
    for summary in page.locator(".audit summary").all():
        summary.click()

    assert page.evaluate("document.documentElement.scrollWidth") <= width
