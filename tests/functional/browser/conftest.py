"""A real server on a database of its own, and a real browser signed in to it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.factories.people import PASSWORD

ROOT = Path(__file__).parents[3]
_READY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """A running server; ``direct`` runs the director against its database."""

    url: str
    direct: Callable[[str], None]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that nobody has looked at yet, to copy."""
    folder = tmp_path_factory.mktemp("seeded")
    run = partial(_run, environment=_environment(folder))
    run("manage.py", "migrate", "--verbosity=0")
    run("manage.py", "collectstatic", "--noinput", "--verbosity=0")
    run("-m", "tests.functional.browser.director", "seed")
    return folder


@pytest.fixture(scope="module")
def site(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(seeded, folder, dirs_exist_ok=True)
    environment = _environment(folder)
    port = _free_port()
    command = ["-m", "uvicorn", "kargo_platform.asgi:application", f"--port={port}"]
    server = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, *command, "--log-level=warning"], cwd=ROOT, env=environment
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/accounts/login/")
        yield Site(
            f"http://127.0.0.1:{port}",
            lambda act: _run(
                "-m", "tests.functional.browser.director", act, environment=environment
            ),
        )
    finally:
        server.terminate()
        server.wait(timeout=15)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium on this machine: install it to run the browser's tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


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


def _environment(folder: Path) -> dict[str, str]:
    own = {
        "KARGO_VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
    }
    return {name: it for name, it in os.environ.items() if name != "DATABASE_URL"} | own


def _run(*arguments: str, environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own programs


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    pytest.fail(f"the server did not answer at {url} within {_READY_SECONDS} s")
