"""Runs Git: the one place that starts it, always in the same narrow surroundings.

No system or user configuration, no hooks, no prompts, a private home, an allow-list of
protocols. A process that talks to a host does so within the host's budget, and is told where the
host redirects to after that address has been checked too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common.clock import now as read_clock
from promotions.gateways import process
from promotions.gateways.confinement import Confinement
from promotions.gateways.git import conversation
from promotions.gateways.git.access import (
    Endpoint,
    configuration,
    endpoint_of,
    secrets_of,
    ssh_files,
)
from promotions.gateways.git.conversation import Answer
from promotions.gateways.git.failures import failure, is_stale_lock, storage_failure
from promotions.gateways.git.hosts import HostBudget, paused
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.git.validation import check_url
from promotions.ports.git import (
    GitError,
    GitTimeoutError,
    HostUnreachableError,
    RefusedURLError,
    Remote,
    UntrustedHostError,
)

_BASE: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_HTTP_LOW_SPEED_LIMIT": "1024",
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
    # Larger blobs are never held in memory as a whole.
    ("core.bigFileThreshold", "64m"),
)

_MOST_REDIRECTS = 3
_HEADROOM_BYTES = 1024**3
"""How much a file may grow past the largest mirror before whoever watches must have noticed."""
_DOWNGRADE = ("https", "http")
_INSTEAD = ".insteadOf"
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
        watch: Called every second or so while it runs; what it raises kills it.
    """

    cwd: Path
    home: Path
    remote: Remote | None = None
    env: Mapping[str, str] | None = None
    config: tuple[tuple[str, str], ...] = ()
    watch: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a process ended, and what the HTTP host said to it."""

    returncode: int
    stdout: str
    stderr: str
    error: GitError | None
    answers: tuple[Answer, ...] = ()


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
        remote = call.remote
        endpoint = endpoint_of(remote.url) if remote is not None else None
        if remote is None or endpoint is None:
            return _output(self._ended(arguments, call, stdin=stdin))
        asked = remote.url
        for _ in range(_MOST_REDIRECTS + 1):
            ended = self._talk(arguments, call, endpoint, stdin=stdin)
            moved = _redirected(call, ended, asked=asked)
            if moved is None:
                return _output(ended)
            call, endpoint = moved
        raise HostUnreachableError(f"{endpoint.name} redirects again and again.")

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
                raise failure(text, secrets=self._secrets(call)) from None

    @property
    def hosts(self) -> HostBudget:
        """What each host may be asked."""
        return HostBudget(self.settings.cache_dir / "hosts", self.settings.hosts)

    def _talk(
        self, arguments: Sequence[str], call: Call, endpoint: Endpoint, *, stdin: bytes
    ) -> _Ended:
        """Run a process that talks to ``endpoint``, when it is its turn, and note how that went."""
        with self.hosts.turn(endpoint.name):
            began = read_clock()
            try:
                ended = self._ended(arguments, call, stdin=stdin)
            except GitTimeoutError:
                self.hosts.failed(endpoint.name, began=began)
                raise
            plea = max(
                (it.retry_after(now=read_clock()) for it in ended.answers if it.is_plea),
                default=None,
            )
            if plea is not None:
                until = self.hosts.failed(endpoint.name, began=began, plea=plea)
                return replace(ended, error=paused(endpoint.name, until))
            if _is_in_trouble(ended):
                self.hosts.failed(endpoint.name, began=began)
            else:
                self.hosts.succeeded(endpoint.name, began=began)
        return ended

    def _ended(self, arguments: Sequence[str], call: Call, *, stdin: bytes) -> _Ended:
        with self._command(arguments, call, stdin=stdin) as command, _translated():
            done = process.run(command)
        stdout = done.stdout.decode(errors="replace")
        answers, stderr = conversation.overheard(done.stderr.decode(errors="replace"))
        error: GitError | None = None
        if any(answer.is_page for answer in answers):
            error = HostUnreachableError(
                "The Git host answered with a web page, not a repository; check the URL."
            )
        elif done.returncode:
            text = f"{stderr}\n{_rejections(stdout)}"
            error = failure(text, secrets=self._secrets(call), returncode=done.returncode)
        return _Ended(done.returncode, stdout, stderr, error, answers)

    def _secrets(self, call: Call) -> tuple[str, ...]:
        """Return what no message may show; where this host keeps its files is nobody's business."""
        return (*secrets_of(call.remote), str(self.settings.cache_dir))

    @contextmanager
    def _command(
        self, arguments: Sequence[str], call: Call, *, stdin: bytes
    ) -> Iterator[process.Command]:
        settings = self.settings
        with ssh_files(call.remote, settings) as ssh:
            yield process.Command(
                argv=(settings.program, *arguments),
                cwd=call.cwd,
                env=_environment(settings, call) | ssh,
                timeout=settings.remote_timeout if call.remote else settings.local_timeout,
                output_bytes=settings.output_bytes,
                stdin=stdin,
                start=_bounded(settings).start_unconfined,
                watch=call.watch,
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
    access = configuration(call.remote, settings) if call.remote is not None else []
    config = [*_CONFIG, *call.config, *access]
    numbered = {"GIT_CONFIG_COUNT": str(len(config))}
    for index, (key, value) in enumerate(config):
        numbered[f"GIT_CONFIG_KEY_{index}"] = key
        numbered[f"GIT_CONFIG_VALUE_{index}"] = value
    return {
        **settings.inherited,
        **_BASE,
        **(conversation.TRACE if access else {}),
        "GIT_HTTP_LOW_SPEED_TIME": str(max(round(settings.stall_timeout.total_seconds()), 1)),
        "HOME": str(call.home),
        "GIT_ALLOW_PROTOCOL": allowed,
        **numbered,
        **(call.env or {}),
    }


def _bounded(settings: GitSettings) -> Confinement:
    return Confinement(
        readable=(),
        writable=(),
        executable=(),
        network=True,
        memory_bytes=settings.memory_bytes,
        file_bytes=settings.cache.mirror_bytes + _HEADROOM_BYTES,
    )


def _output(ended: _Ended) -> str:
    """Return what a process printed.

    Raises:
        GitFailedError: It failed.
    """
    if ended.error is not None:
        raise GitFailedError(
            returncode=ended.returncode,
            stdout=ended.stdout,
            stderr=ended.stderr,
            error=ended.error,
        )
    return ended.stdout


def _is_in_trouble(ended: _Ended) -> bool:
    if not ended.returncode:
        return False
    if ended.answers:
        return ended.answers[-1].is_trouble
    unreachable = isinstance(ended.error, HostUnreachableError)
    return unreachable and not isinstance(ended.error, UntrustedHostError)


def _redirected(call: Call, ended: _Ended, *, asked: str) -> tuple[Call, Endpoint] | None:
    """Return the call to make instead if the host sends it elsewhere; credentials stay behind.

    Raises:
        RefusedURLError: Git may not be sent there.
    """
    remote = call.remote
    if remote is None or not ended.returncode or not ended.answers:
        return None
    location = ended.answers[-1].redirected(remote.url)
    if not location:
        return None
    url = check_url(location, allow_local=False)
    was, goes = endpoint_of(remote.url), endpoint_of(url)
    if was is None or goes is None or not goes.is_web or (was.scheme, goes.scheme) == _DOWNGRADE:
        raise RefusedURLError("The Git host redirects to an address that is not https.")
    credential = remote.credential if was == goes else None
    own = tuple(pair for pair in call.config if not pair[0].endswith(_INSTEAD))
    config = (*own, (f"url.{url}{_INSTEAD}", asked))
    remote = replace(remote, url=url, credential=credential)
    return replace(call, remote=remote, config=config), goes


def _rejections(stdout: str) -> str:
    """Return the lines of ``push --porcelain`` that say no; they go to standard output."""
    return "\n".join(line for line in stdout.splitlines() if line.startswith("!\t"))
