"""How does Git get to a remote: over which addresses, and with which credentials?

A host's name is resolved here, its addresses are checked against the egress policy, and Git may
connect to those alone. Redirects are refused to Git; :mod:`talking
<promotions.gateways.git.talking>` follows them after the same check. Credentials travel in the
environment as configuration, for one origin: they are in no argument list and no stored URL.
"""

import base64
import ipaddress
import re
import shlex
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from common.errors import UpstreamError
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.git.validation import is_local
from promotions.ports.credentials import Credential
from promotions.ports.git import HostUnreachableError, RefusedURLError, Remote

_PORTS = {"http": 80, "https": 443, "ssh": 22}
_SCP = re.compile(r"(?:[^@/:]+@)?([^:/]+):")
_REFUSED = "egress_refused"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a connection is made to."""

    scheme: str
    host: str
    port: int

    @property
    def name(self) -> str:
        """``host:port``, as one host among others; without the port if it is the usual one."""
        usual = self.port == _PORTS[self.scheme]
        return self.host if usual else f"{self.host}:{self.port}"

    @property
    def is_web(self) -> bool:
        """Whether it speaks HTTP."""
        return self.scheme != "ssh"


def endpoint_of(url: str) -> Endpoint | None:
    """Return what a checked ``url`` connects to; ``None`` for a local path."""
    if is_local(url):
        return None
    if "://" not in url:
        match = _SCP.match(url)
        return Endpoint("ssh", match[1].lower(), _PORTS["ssh"]) if match else None
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return Endpoint(scheme, (parts.hostname or "").lower(), parts.port or _PORTS[scheme])


def addresses_of(endpoint: Endpoint, settings: GitSettings) -> tuple[str, ...]:
    """Return the addresses that may be connected to; none if a proxy resolves the name.

    Raises:
        RefusedURLError: The egress policy refuses every address that the host has.
        HostUnreachableError: The name does not resolve.
    """
    if _is_proxied(endpoint, settings) and not _is_numeric(endpoint.host):
        return ()
    try:
        return tuple(settings.egress.addresses(endpoint.host, endpoint.port))
    except UpstreamError as error:
        if error.code == _REFUSED:
            raise RefusedURLError(error.message, code=_REFUSED) from error
        raise HostUnreachableError(error.message) from error


def configuration(remote: Remote, settings: GitSettings) -> list[tuple[str, str]]:
    """Return the configuration that lets Git in at ``remote``, as pairs.

    Raises:
        RefusedURLError: The egress policy refuses every address that the host has.
        HostUnreachableError: The name does not resolve.
    """
    endpoint = endpoint_of(remote.url)
    if endpoint is None or not endpoint.is_web:
        return []
    pairs = [("http.followRedirects", "false")]
    addresses = addresses_of(endpoint, settings)
    if addresses and not _is_numeric(endpoint.host):
        hosts = ",".join(f"[{it}]" if ":" in it else it for it in addresses)
        pairs.append(("http.curloptResolve", f"{endpoint.host}:{endpoint.port}:{hosts}"))
    if remote.insecure_skip_tls_verify:
        pairs.append(("http.sslVerify", "false"))
    if remote.credential is not None and remote.credential.password:
        parts = urlsplit(remote.url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
        pairs.append((f"http.{origin}.extraHeader", f"Authorization: {_basic(remote.credential)}"))
    return pairs


def secrets_of(remote: Remote | None) -> tuple[str, ...]:
    """Return what must never be shown of ``remote``."""
    if remote is None or remote.credential is None:
        return ()
    return (remote.credential.password, _basic(remote.credential).removeprefix("Basic "))


@contextmanager
def ssh_files(remote: Remote | None, settings: GitSettings) -> Iterator[dict[str, str]]:
    """Hold the files that SSH needs for ``remote``, and yield the environment that names them.

    They are in the cache folder, where what a killed process leaves is cleaned up.

    Raises:
        RefusedURLError: The egress policy refuses every address that the host has.
        HostUnreachableError: The name does not resolve.
    """
    endpoint = endpoint_of(remote.url) if remote is not None else None
    if remote is None or endpoint is None or endpoint.is_web:
        yield {}
        return
    addresses = addresses_of(endpoint, settings)
    parent = settings.cache_dir / "ssh"
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="keys-", dir=parent) as folder:
        path = Path(folder)
        lines = [
            "Host *", f"HostName {addresses[0]}", "StrictHostKeyChecking no",
            "UserKnownHostsFile /dev/null", "LogLevel ERROR", "BatchMode yes",
            "ConnectTimeout 30", "ServerAliveInterval 15", "ServerAliveCountMax 4",
            "IdentitiesOnly yes", "IdentityAgent none",
        ]  # fmt: skip
        key = remote.credential.ssh_private_key if remote.credential else ""
        if key:
            (path / "id").touch(mode=0o600)
            (path / "id").write_text(key.replace("\r\n", "\n").rstrip("\n") + "\n")
        lines.append(f'IdentityFile "{path / "id"}"')
        (path / "config").write_text("\n".join(lines) + "\n")
        yield {
            "GIT_SSH_COMMAND": f"ssh -F {shlex.quote(str(path / 'config'))}",
            "GIT_SSH_VARIANT": "ssh",
        }


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _is_proxied(endpoint: Endpoint, settings: GitSettings) -> bool:
    inherited = settings.inherited
    if not inherited.get(f"{endpoint.scheme}_proxy"):
        return False
    exempt = {"no": inherited.get("no_proxy", "")}
    return not urllib.request.proxy_bypass_environment(endpoint.host, exempt)  # type: ignore[attr-defined] # its stub lacks it


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
