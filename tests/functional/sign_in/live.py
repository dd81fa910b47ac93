"""A real OpenID provider and a real server that trusts it, both on loopback."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests import install_tools

ROOT = Path(__file__).parents[3]
_SCRIPT = Path(__file__).with_name("provider.mjs")
_LIBRARY = install_tools.OPENID_FOLDER / "node_modules" / "oidc-provider" / "lib" / "index.js"
_READY_SECONDS = 40.0
_OLDEST_NODE = 20


@dataclass(frozen=True, slots=True)
class Live:
    """Where the server and the provider are."""

    site: str
    issuer: str


@contextmanager
def live(folder: Path) -> Iterator[Live]:
    """Run both; skip the test where there is no Node.js."""
    node = _node()
    here = Live(f"http://127.0.0.1:{_free_port()}", f"http://127.0.0.1:{_free_port()}")
    provider = [node, str(_SCRIPT), str(_LIBRARY), here.issuer.rpartition(":")[2], here.site]
    environment = {name: it for name, it in os.environ.items() if name != "DATABASE_URL"} | {
        "KARGO_VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
        "KARGO_BASE_URL": here.site,
        "KARGO_EGRESS_ALLOWED_HOSTS": "127.0.0.1",
    }
    setup = (
        ["manage.py", "migrate", "--verbosity=0"],
        ["manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        ["-m", "tests.functional.sign_in.director", here.issuer],
    )
    for arguments in setup:
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own programs
    port = here.site.rpartition(":")[2]
    server = [sys.executable, "-m", "uvicorn", "kargo_platform.asgi:application", f"--port={port}"]
    with (
        _running([*server, "--log-level=warning"], environment),
        _running(provider, dict(os.environ)),
    ):
        _wait_for(f"{here.site}/accounts/login/")
        _wait_for(f"{here.issuer}/.well-known/openid-configuration")
        yield here


def _node() -> str:
    """Return where Node.js is; skip the test if it, or the provider, cannot be had."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js on this machine: see tests/install-tools")
    install_tools.install_openid_provider()
    said = subprocess.run([node, "--version"], check=True, capture_output=True, text=True)  # noqa: S603 - found above
    if int(said.stdout.removeprefix("v").partition(".")[0]) < _OLDEST_NODE:
        pytest.skip(f"Node.js {said.stdout.strip()} is too old for the OpenID provider")
    if not _LIBRARY.exists():
        pytest.skip("the OpenID provider could not be installed: see tests/install-tools")
    return node


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - our own programs
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=15)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    pytest.fail(f"nothing answered at {url} within {_READY_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
