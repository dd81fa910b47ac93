"""Runs Git: the one place that starts it, always in the same narrow surroundings.

No system or user configuration, no hooks, no prompts, a private home, an allow-list of
protocols. Credentials travel in the environment as configuration: they are in no argument list
and no stored URL, and curl drops the header when a redirect leaves the host.
"""

import base64
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from promotions.gateways import process
from promotions.gateways.git.failures import failure, is_stale_lock, storage_failure
from promotions.gateways.git.settings import GitSettings
from promotions.ports.credentials import Credential
from promotions.ports.git import GitError, GitTimeoutError, Remote

_BASE: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_HTTP_LOW_SPEED_LIMIT": "1024",
    "GIT_HTTP_LOW_SPEED_TIME": "30",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}

_CONFIG: tuple[tuple[str, str], ...] = (
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.untrackedCache", "false"),
    ("credential.helper", ""),
    ("protocol.ext.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("advice.detachedHead", "false"),
    # A repository nested in a work tree may carry configuration of its own that runs programs;
    # this keeps status and commit from starting Git inside it.
    ("diff.ignoreSubmodules", "dirty"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
)

_ALWAYS_ALLOWED = "https:http:ssh"


class GitFailedError(Exception):
    """Git ended with a code that the caller wants to look at; ``error`` is what it amounts to."""

    def __init__(self, *, returncode: int, stdout: str, stderr: str, error: GitError) -> None:
        super().__init__(str(error))
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.error = error

    @property
    def met_lock(self) -> bool:
        """Whether a lock file was in the way."""
        return is_stale_lock(self.stderr)


@dataclass(frozen=True, slots=True)
class Call:
    """Where and with what one Git process runs.

    Attributes:
        remote: The remote it talks to; its credentials go along.
        env: More environment, such as ``GIT_DIR``.
        config: More configuration, as pairs.
    """

    cwd: Path
    home: Path
    remote: Remote | None = None
    env: Mapping[str, str] | None = None
    config: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GitRunner:
    """Starts Git processes."""

    settings: GitSettings

    def run(self, arguments: Sequence[str], call: Call, *, stdin: bytes = b"") -> str:
        """Run ``git <arguments>`` and return what it printed.

        Raises:
            GitError: It failed; the kind of error says how.
        """
        try:
            return self.attempt(arguments, call, stdin=stdin)
        except GitFailedError as failed:
            raise failed.error from None

    def attempt(self, arguments: Sequence[str], call: Call, *, stdin: bytes = b"") -> str:
        """Do as :meth:`run`, but let the caller look at how it failed.

        Raises:
            GitFailedError: It ended with another code than zero.
            GitError: It took too long, printed too much or could not start.
        """
        with self._command(arguments, call, stdin=stdin) as command, _translated():
            done = process.run(command)
        stdout = done.stdout.decode(errors="replace")
        if done.returncode:
            stderr = done.stderr.decode(errors="replace")
            raise GitFailedError(
                returncode=done.returncode,
                stdout=stdout,
                stderr=stderr,
                error=failure(
                    f"{stderr}\n{_rejections(stdout)}",
                    secrets=_secrets(call),
                    returncode=done.returncode,
                ),
            )
        return stdout

    def stream(self, arguments: Sequence[str], call: Call) -> Iterator[bytes]:
        """Yield what ``git <arguments>`` prints, as it comes.

        Raises:
            GitError: It failed, or took too long.
        """
        with self._command(arguments, call, stdin=b"") as command, _translated():
            try:
                yield from process.stream(command)
            except process.ProcessFailedError as failed:
                text = failed.stderr.decode(errors="replace")
                raise failure(text, secrets=_secrets(call)) from None

    @contextmanager
    def _command(
        self, arguments: Sequence[str], call: Call, *, stdin: bytes
    ) -> Iterator[process.Command]:
        settings = self.settings
        with _ssh_files(call.remote) as ssh:
            yield process.Command(
                argv=(settings.program, *arguments),
                cwd=call.cwd,
                env=_environment(settings, call) | ssh,
                timeout=settings.remote_timeout if call.remote else settings.local_timeout,
                output_bytes=settings.output_bytes,
                stdin=stdin,
            )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except process.ProcessTimeoutError as error:
        raise GitTimeoutError(f"The operation was stopped: {error.message}") from error
    except process.OutputLimitError as error:
        raise GitError(error.message, retryable=False) from error
    except OSError as error:
        raise storage_failure(error) from error


def _environment(settings: GitSettings, call: Call) -> dict[str, str]:
    allowed = f"{_ALWAYS_ALLOWED}:file" if settings.allow_local else _ALWAYS_ALLOWED
    config = [*_CONFIG, *call.config, *_access(call.remote)]
    numbered = {"GIT_CONFIG_COUNT": str(len(config))}
    for index, (key, value) in enumerate(config):
        numbered[f"GIT_CONFIG_KEY_{index}"] = key
        numbered[f"GIT_CONFIG_VALUE_{index}"] = value
    return {
        **settings.inherited,
        **_BASE,
        "HOME": str(call.home),
        "GIT_ALLOW_PROTOCOL": allowed,
        **numbered,
        **(call.env or {}),
    }


def _access(remote: Remote | None) -> Iterator[tuple[str, str]]:
    if remote is None:
        return
    if remote.insecure_skip_tls_verify:
        yield "http.sslVerify", "false"
    parts = urlsplit(remote.url)
    credential = remote.credential
    if credential is not None and credential.password and parts.scheme in {"http", "https"}:
        address = parts.netloc.rpartition("@")[2]
        yield (
            f"http.{parts.scheme}://{address}/.extraHeader",
            f"Authorization: {_basic(credential)}",
        )


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _secrets(call: Call) -> tuple[str, ...]:
    credential = call.remote.credential if call.remote else None
    if credential is None:
        return ()
    return (credential.password, _basic(credential).removeprefix("Basic "))


@contextmanager
def _ssh_files(remote: Remote | None) -> Iterator[dict[str, str]]:
    key = remote.credential.ssh_private_key if remote and remote.credential else ""
    if remote is None or remote.url.startswith(("http://", "https://", "file://", "/")):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="git-ssh-") as folder:
        path = Path(folder)
        lines = ["Host *", "StrictHostKeyChecking no", "UserKnownHostsFile /dev/null"]
        lines += ["BatchMode yes", "ConnectTimeout 30"]
        if key:
            (path / "id").touch(mode=0o600)
            (path / "id").write_text(key.rstrip("\n") + "\n")
            lines += [f'IdentityFile "{path / "id"}"', "IdentitiesOnly yes"]
        (path / "config").write_text("\n".join(lines) + "\n")
        yield {"GIT_SSH_COMMAND": f"ssh -F {shlex.quote(str(path / 'config'))}"}


def _rejections(stdout: str) -> str:
    """Return the lines of ``push --porcelain`` that say no; they go to standard output."""
    return "\n".join(line for line in stdout.splitlines() if line.startswith("!\t"))
