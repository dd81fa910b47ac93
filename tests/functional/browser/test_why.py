"""Why something waits, in a real browser: the same words on the pages of all three."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.functional.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = {"stage": "stages/prod", "busy": "stages/uat"}


def shoot(page: Page, name: str) -> None:
    """Keep a picture where ``KARGO_SCREENSHOTS`` says, if it does."""
    folder = os.environ.get("KARGO_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_says_why_and_none_is_wider_than_its_window(
    page: Page, site: Site, width: int, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    for name, address in PAGES.items():
        page.goto(f"{site.url}/projects/shop/{address}")
        if page.locator("#refused summary").count():
            page.locator("#refused summary").click()
        expect(page.locator(".why-reason").first).to_be_visible()
        shoot(page, f"why-{name}-{width}-{scheme}")
        assert _overflow(page) == 0

    page.locator(".refusal a, .choice-list a, .facts a").first.click()
    page.goto(f"{site.url}/projects/shop/freight")
    page.locator("a[href*='/freight/']").first.click()
    expect(page.locator(".why-reason").first).to_be_visible()
    shoot(page, f"why-freight-{width}-{scheme}")
    assert _overflow(page) == 0

    page.goto(f"{site.url}/projects/shop/promotions?phase=Running")
    page.locator("a[href*='/promotions/uat.']").first.click()
    expect(page.locator("section[aria-labelledby=why-head] .why-reason").first).to_be_visible()
    shoot(page, f"why-promotion-{width}-{scheme}")
    assert _overflow(page) == 0


def test_stage_and_freight_use_the_same_words(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop/stages/prod")
    page.locator("#refused summary").click()
    page.locator("#refused .refusal a").first.click()

    row = page.locator("tr", has_text="prod").first
    expect(row).to_contain_text("not yet verified in uat")


def _overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
