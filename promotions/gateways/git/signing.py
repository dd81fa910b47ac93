"""Signs commits with GPG: imports a key into a private home and tells Git to use it."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from promotions.gateways import process
from promotions.gateways.git.runner import GitRunner
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import GitError

_OUTPUT_BYTES = 1024 * 1024
_ANSWER_SECONDS = 1.0
_SOCKETS = ("S.gpg-agent", "S.gpg-agent.extra", "S.gpg-agent.browser", "S.gpg-agent.ssh")


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys in one home folder, whose path must be short: the agent's socket is in it."""

    runner: GitRunner
    home: Path

    def install(self, identity: GitIdentity) -> dict[str, dict[str, str]]:
        """Import the identity's key and return the configuration that makes Git sign with it.

        Both keys and configuration are empty if the identity has no key.

        Raises:
            GitError: There is no GPG here, or it refuses the key.
        """
        if not identity.signing_key:
            return {}
        folder = self.home / ".gnupg"
        folder.mkdir(mode=0o700, exist_ok=True)
        key = identity.signing_key.encode()
        shown = self._gpg("--with-colons", "--import-options", "show-only", "--import", stdin=key)
        fingerprint = _fingerprint(shown)
        self._gpg("--import", stdin=key)
        self._gpg("--import-ownertrust", stdin=f"{fingerprint}:6:\n".encode())
        return {
            "commit": {"gpgSign": "true"},
            "tag": {"gpgSign": "true"},
            "gpg": {"program": _program()},
        }

    def recover(self) -> None:
        """Clear away what a killed agent left, which would keep a new one from starting."""
        folder = self.home / ".gnupg"
        if not folder.is_dir() or _answers(folder / _SOCKETS[0]):
            return
        leftovers = [*folder.glob("*.lock"), *folder.glob(".#lk*"), *folder.glob("*/*.lock")]
        for path in (*leftovers, *(folder / name for name in _SOCKETS)):
            path.unlink(missing_ok=True)

    def _gpg(self, *arguments: str, stdin: bytes) -> str:
        command = process.Command(
            argv=(_program(), "--batch", "--no-tty", "--quiet", *arguments),
            cwd=self.home,
            env={"HOME": str(self.home), "LC_ALL": "C", "PATH": os.defpath},
            timeout=self.runner.settings.local_timeout,
            output_bytes=_OUTPUT_BYTES,
            stdin=stdin,
        )
        done = process.run(command)
        if done.returncode:
            raise GitError("GPG refused the signing key.", retryable=False)
        return done.stdout.decode(errors="replace")


@contextmanager
def throwaway_keyring(
    runner: GitRunner, *, parent: Path, identity: GitIdentity
) -> Iterator[tuple[Path, dict[str, dict[str, str]]]]:
    """Yield a home folder that lasts for one commit, and the configuration to sign with it."""
    with TemporaryDirectory(dir=parent, prefix="k") as folder:
        home = Path(folder)
        yield home, Keyring(runner, home=home).install(identity)


def _answers(socket_path: Path) -> bool:
    """Return whether an agent listens there, so that its files are not leftovers."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_ANSWER_SECONDS)
        try:
            probe.connect(str(socket_path))
        except OSError:
            return False
    return True


def _program() -> str:
    found = shutil.which("gpg")
    if found is None:
        raise GitError("Commits cannot be signed: there is no gpg on this host.", retryable=False)
    return found


def _fingerprint(colons: str) -> str:
    for line in colons.splitlines():
        fields = line.split(":")
        if fields[0] == "fpr":
            return fields[9]
    raise GitError("The signing key is not an armoured GPG private key.", retryable=False)
