"""A real ``sshd`` on the loopback that lets one key in, as whoever runs the tests."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import free_port

PROGRAM = shutil.which("sshd") or "/usr/sbin/sshd"
IS_INSTALLED = Path(PROGRAM).exists() and shutil.which("ssh-keygen") is not None


@dataclass(frozen=True)
class SshServer:
    """A running server; ``key`` is the private key that opens it, ``log`` what it wrote."""

    port: int
    user: str
    key: str
    log: Path

    def url(self, path: Path) -> str:
        return f"ssh://{self.user}@127.0.0.1:{self.port}{path}"


@contextmanager
def running(folder: Path) -> Iterator[SshServer]:
    """Run a server with its keys in ``folder`` until the block ends."""
    folder.mkdir(mode=0o700)
    _make_key(folder / "host")
    _make_key(folder / "user")
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    (folder / "authorized").chmod(0o600)
    port = free_port()
    lines = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {folder}/host",
        f"AuthorizedKeysFile {folder}/authorized", f"PidFile {folder}/pid", "UsePAM no",
        "PasswordAuthentication no", "KbdInteractiveAuthentication no", "StrictModes no",
        "PermitRootLogin prohibit-password", "LogLevel VERBOSE",
    ]  # fmt: skip
    (folder / "config").write_text("\n".join(lines) + "\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it, empty
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603 - the real server, our own configuration
            [PROGRAM, "-D", "-e", "-f", str(folder / "config")], stdout=output, stderr=output
        )
        try:
            _wait(port, server)
            yield SshServer(port, getpass.getuser(), (folder / "user").read_text(), log)
        finally:
            server.terminate()
            server.wait(timeout=10)


def _make_key(path: Path) -> None:
    subprocess.run(  # noqa: S603 - our own arguments
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)],  # noqa: S607 - PATH's
        check=True,
    )


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert server.poll() is None, "sshd did not start"
            assert time.monotonic() < deadline, "sshd does not listen"
            time.sleep(0.05)
        else:
            return
