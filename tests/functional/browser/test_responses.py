"""Answering what a step asks, in a real browser, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories.people import PASSWORD
from tests.functional.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def open_promotion(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop/promotions?phase=Running")
    page.locator("main a[href*='/promotions/uat.']").first.click()
    expect(page.locator("#promotion")).to_be_visible()


def test_an_approval_of_somebody_else_shows_without_a_reload(page: Page, site: Site) -> None:
    site.direct("ask")
    open_promotion(page, site)
    page.evaluate("window.isTheSamePage = true")
    prompt = page.locator(".prompt")
    expect(prompt).to_contain_text("role kargo-admin (required) or groups leads")
    expect(prompt).to_contain_text("0 of 2 have approved.")

    site.direct("approve")

    expect(prompt).to_contain_text("by bob@example.com", timeout=10_000)
    expect(prompt).to_contain_text("Fine by me")
    assert page.evaluate("window.isTheSamePage") is True


def test_who_approves_by_keyboard_may_still_reject_until_it_is_decided(
    page: Page, site: Site
) -> None:
    site.direct("ask")
    open_promotion(page, site)
    page.get_by_label(re.compile("Why")).last.fill("looks good")

    page.get_by_role("button", name="Approve").focus()
    page.keyboard.press("Enter")

    expect(page.locator(".messages")).to_contain_text("You have approved.")
    expect(page.locator(".prompt")).to_contain_text("You may still reject.")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    site.direct("approve")

    expect(page.locator(".prompt .button.danger")).to_have_count(0, timeout=10_000)


def test_a_form_keeps_what_was_written_until_it_fits(page: Page, site: Site) -> None:
    site.direct("form")
    open_promotion(page, site)
    expect(page.get_by_label("replicas")).to_have_value("3")

    page.get_by_label(re.compile("version")).fill("seven")
    page.get_by_label(re.compile("Risk")).select_option(label="high")
    page.get_by_label("eu").check()
    page.get_by_role("button", name="Submit").click()

    expect(page.locator(".prompt .error").first).to_be_visible()
    expect(page.get_by_label(re.compile("version"))).to_have_value("seven")
    expect(page.get_by_label("eu")).to_be_checked()

    page.get_by_label(re.compile("version")).fill("v7")
    page.get_by_role("button", name="Submit").click()

    expect(page.locator(".messages")).to_contain_text("Your answer is taken.")
    expect(page.locator(".prompt")).to_contain_text("by alice@example.com")


def test_everything_works_without_javascript(browser: Browser, site: Site) -> None:
    site.direct("form")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/accounts/login/")
    page.fill("#id_login", "alice")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    open_promotion(page, site)

    page.get_by_label(re.compile("version")).fill("v8")
    page.get_by_label(re.compile("Risk")).select_option(label="low")
    page.get_by_role("button", name="Submit").click()

    expect(page.locator(".messages")).to_contain_text("Your answer is taken.")
    context.close()


@pytest.mark.parametrize("act", ["ask", "form"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_question_is_wider_than_its_window(page: Page, site: Site, act: str, width: int) -> None:
    site.direct(act)
    page.set_viewport_size({"width": width, "height": 900})
    open_promotion(page, site)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
