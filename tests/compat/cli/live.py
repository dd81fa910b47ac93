"""A real server with something of everything in it, for the command line to speak to."""

import json
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
from typing import Any

import httpx
import pytest

from tests.compat.cli.session import Session

ROOT = Path(__file__).parents[3]
_READY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, and what the director has put into it.

    Attributes:
        address: Of the tenant ``default``, as ``kargo login`` is given it.
        tokens: Of ``admin`` (operator), ``alice`` (admin of ``demo``), ``bob`` (its viewer),
            ``charlie`` (admin of the tenant ``acme``), by who holds them.
        names: Of ``held``, ``spare``, ``waiting`` and ``succeeded`` (see ``tests.factories.rich``).
        folder: Of its database and its logs.
    """

    address: str
    tokens: dict[str, str]
    names: dict[str, str]
    folder: Path

    def session(self, who: str = "admin", *, tenant: str = "") -> Session:
        """Return what ``who`` has logged in to."""
        return Session(self.address_of(tenant), self.tokens[who])

    def address_of(self, tenant: str) -> str:
        """Return the address of a tenant; of the default one, in the short form, if blank."""
        return f"{self.address}/t/{tenant}" if tenant else self.address


def seed(folder: Path) -> dict[str, Any]:
    """Make a database with the director's scene, and return what it says of it."""
    environment = _environment(folder)
    _run(environment, "manage.py", "migrate", "--verbosity=0")
    said = _run(environment, "-m", "tests.compat.cli.director")
    found: dict[str, Any] = json.loads(said)
    return found


@contextmanager
def serving(folder: Path, seeded: Path, facts: dict[str, Any], **settings: str) -> Iterator[Site]:
    """Run a server on a copy of a database that was seeded."""
    shutil.copytree(seeded, folder, dirs_exist_ok=True)
    address = f"http://127.0.0.1:{free_port()}"
    server = [sys.executable, "-m", "uvicorn", "kargo_platform.asgi:application"]
    port = address.rpartition(":")[2]
    # As `make run` starts it; see kargo_platform.processes.start_server.
    command = [*server, "--host", "127.0.0.1", "--port", port, "--no-access-log"]
    with running(command, _environment(folder) | {"KARGO_BASE_URL": address} | settings, folder):
        wait_for(f"{address}/healthz")
        yield Site(address, facts["tokens"], facts["names"], folder)


@contextmanager
def working(site: Site) -> Iterator[None]:
    """Run a worker beside a server, as ``make run`` does."""
    with running([sys.executable, "manage.py", "worker"], _environment(site.folder), site.folder):
        yield


@contextmanager
def running(command: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """Run one of our own programs until the block ends; its output goes to a file."""
    with (folder / "output.log").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command, cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(url: str) -> None:
    """Return once a server answers."""
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < deadline:
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    pytest.fail(f"nothing answered at {url} within {_READY_SECONDS} s")


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    return {name: it for name, it in os.environ.items() if name != "DATABASE_URL"} | {
        "KARGO_VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
        "KARGO_EGRESS_ALLOWED_HOSTS": "127.0.0.1",
        "KARGO_GIT_ALLOW_LOCAL": "true",
    }


def _run(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(  # noqa: S603 - our own programs
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
