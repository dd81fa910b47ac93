"""A real server on a database of its own, and a real browser signed in to it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.factories.people import PASSWORD
from tests.servers import environment_of, run, serving

_DIRECTOR = ("-m", "tests.functional.browser.director")


@dataclass(frozen=True, slots=True)
class Site:
    """A running server; ``direct`` runs the director against its database."""

    url: str
    direct: Callable[[str], None]


@pytest.fixture(scope="session")
def seeded(blank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that nobody has looked at yet, to copy."""
    folder = tmp_path_factory.mktemp("seeded")
    shutil.copytree(blank_folder, folder, dirs_exist_ok=True)
    run(*_DIRECTOR, "seed", environment=environment_of(folder))
    return folder


@pytest.fixture(scope="module")
def site(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(seeded, folder, dirs_exist_ok=True)
    environment = environment_of(folder)
    with serving(environment, log=folder / "server.log") as address:
        yield Site(address, lambda act: _direct(act, environment))


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page signed in as alice; whatever its console says fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{site.url}/accounts/login/")
    page.fill("#id_login", "alice")
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(f"{site.url}/")
    yield page
    context.close()
    assert said == []


def _direct(act: str, environment: dict[str, str]) -> None:
    run(*_DIRECTOR, act, environment=environment)
