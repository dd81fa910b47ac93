"""Approving in a real browser: every page fits its window, and approving is told."""

import pytest
from playwright.sync_api import Page, expect

from tests.functional.browser.conftest import Site
from tests.functional.browser.test_why import shoot

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = ("approvals", "stages/prod", "stages/fleet", "promotions?phase=Pending")


@pytest.fixture(scope="module", autouse=True)
def _waiting(site: Site) -> None:
    site.direct("need-approval")


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_about_approvals_is_wider_than_its_window(
    page: Page, site: Site, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for address in PAGES:
        page.goto(f"{site.url}/projects/shop/{address}")
        shoot(page, f"approvals-{address.replace('/', '-').partition('?')[0]}-{width}")
        assert (
            page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            == 0
        )


def test_somebody_approves_and_takes_it_back(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/projects/shop/approvals")
    prod = page.locator(".approval-item", has_text="prod")
    expect(prod).to_contain_text("1 of 2")
    expect(prod).to_contain_text("1 more approval and somebody with role kargo-admin")

    prod.get_by_role("button", name="Approve").click()
    expect(page.locator("#approvals")).to_contain_text("2 of 2")
    shoot(page, "approvals-approved")
    page.locator(".approval-item", has_text="prod").get_by_role(
        "button", name="Withdraw my approval"
    ).click()

    expect(page.locator(".approval-item", has_text="prod")).to_contain_text("1 of 2")
