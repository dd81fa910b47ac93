"""A real OpenID provider and a real server that trusts it, both on loopback."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import install_tools
from tests.servers import environment_of, free_port, run, running, serving, wait_for

_SCRIPT = Path(__file__).with_name("provider.mjs")
_LIBRARY = install_tools.OPENID_FOLDER / "node_modules" / "oidc-provider" / "lib" / "index.js"
_OLDEST_NODE = 20


@dataclass(frozen=True, slots=True)
class Live:
    """Where the server and the provider are."""

    site: str
    issuer: str


@contextmanager
def live(blank: Path, folder: Path) -> Iterator[Live]:
    """Run both in ``folder``, on a copy of ``blank``; skip the test where there is no Node.js."""
    node = _node()
    shutil.copytree(blank, folder, dirs_exist_ok=True)
    here = Live(f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}")
    site, issuer = (int(it.rpartition(":")[2]) for it in (here.site, here.issuer))
    provider = [node, str(_SCRIPT), str(_LIBRARY), str(issuer), here.site]
    environment = environment_of(
        folder, KARGO_BASE_URL=here.site, KARGO_EGRESS_ALLOWED_HOSTS="127.0.0.1"
    )
    run("-m", "tests.functional.sign_in.director", here.issuer, environment=environment)
    with (
        serving(environment, log=folder / "server.log", port=site),
        running(provider, os.environ, log=folder / "provider.log"),
    ):
        wait_for(f"{here.issuer}/.well-known/openid-configuration")
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
