"""A real server with something of everything in it, for the command line to speak to."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.compat.cli.session import Session
from tests.servers import environment_of, free_port, run, running, serving


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


def seed(blank: Path, folder: Path) -> dict[str, Any]:
    """Put the director's scene into a copy of ``blank``, and return what it says of it."""
    shutil.copytree(blank, folder, dirs_exist_ok=True)
    said = run("-m", "tests.compat.cli.director", environment=_environment(folder))
    found: dict[str, Any] = json.loads(said)
    return found


@contextmanager
def site(folder: Path, seeded: Path, facts: dict[str, Any], **settings: str) -> Iterator[Site]:
    """Run a server on a copy of a database that was seeded."""
    shutil.copytree(seeded, folder, dirs_exist_ok=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = _environment(folder, KARGO_BASE_URL=address, **settings)
    with serving(environment, log=folder / "output.log", port=port):
        yield Site(address, facts["tokens"], facts["names"], folder)


@contextmanager
def working(site: Site) -> Iterator[None]:
    """Run a worker beside a server, as ``make run`` does."""
    command = [sys.executable, "manage.py", "worker"]
    with running(command, _environment(site.folder), log=site.folder / "output.log"):
        yield


def _environment(folder: Path, **settings: str) -> dict[str, str]:
    allowed = {"KARGO_EGRESS_ALLOWED_HOSTS": "127.0.0.1", "KARGO_GIT_ALLOW_LOCAL": "true"}
    return environment_of(folder, **allowed, **settings)
