"""Runs helm or kustomize once: confined, bounded, with a private home that is gone afterwards."""

import os
import re
import shutil
import signal
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from promotions.gateways import process, warden
from promotions.gateways.confinement import Confinement, are_files_confinable
from promotions.gateways.git.work_tree import PREFIX, REPOSITORY
from promotions.gateways.process import Command, Completed, OutputLimitError, ProcessTimeoutError
from promotions.ports.rendering import RenderingError, ToolLimitError, ToolMissingError

_MEBIBYTE = 1024 * 1024
_LARGEST_FILE_BYTES = 256 * _MEBIBYTE
_LONGEST_MESSAGE = 4_000
_GO_SHARE = 0.8
"""Of the memory, from where on Go collects garbage as hard as it can."""
_HOME_PREFIX = "kargo-tool-"
_STALE_SECONDS = 24 * 60 * 60
_DEAD_PROXY = "http://127.0.0.1:1"
_NO_MEMORY = re.compile(r"cannot allocate memory|out of memory|failed to create new OS thread")
_NOISE = re.compile(r"^(WARNING: |I\d{4} |# Warning: |walk\.go:|\d{4}/\d\d/\d\d ).*$", re.MULTILINE)
_NO_NETWORK = re.compile(
    r"socket: permission denied|no 'git' program|proxyconnect|127\.0\.0\.1:1\b"
)
_PERMISSION = re.compile(r"permission denied")
_ZONES = Path("/usr/share/zoneinfo")
_LIBRARIES = (Path("/lib"), Path("/lib64"), Path("/usr/lib"), Path("/usr/lib64"))


class Isolation(StrEnum):
    """How runs are kept from files that are not theirs."""

    CONFINED = "confined"
    NONE = "none"
    REFUSED = "refused"


def isolation_here(*, allow_unconfined: bool) -> Isolation:
    """Return what this host can do, and else what the operator allows."""
    if are_files_confinable():
        return Isolation.CONFINED
    return Isolation.NONE if allow_unconfined else Isolation.REFUSED


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """How much one run may take, and reach.

    Attributes:
        memory_bytes: For each process of the run.
        isolation: With ``NONE``, what users write may read every file that the worker can;
            with ``REFUSED`` nothing is run.
    """

    timeout: timedelta = timedelta(minutes=2)
    memory_bytes: int = 1024 * _MEBIBYTE
    output_bytes: int = 64 * _MEBIBYTE
    isolation: Isolation = Isolation.CONFINED


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One call of a tool.

    Attributes:
        argv: Real path of the program, then its arguments.
        readable: The one work directory it may read, Git's own data in it apart; ``None`` is none.
        helpers: Other programs that it may run, by their real paths.
    """

    argv: tuple[str, ...]
    readable: Path | None = None
    helpers: tuple[Path, ...] = ()


@contextmanager
def private_home() -> Iterator[Path]:
    """Make a directory for one run, and remove it with all that is in it.

    What killed workers have left is removed a day later.
    """
    _remove_stale(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_HOME_PREFIX) as folder:
        yield Path(folder).resolve()


def _remove_stale(folder: Path) -> None:
    oldest = time.time() - _STALE_SECONDS
    for home in folder.glob(f"{_HOME_PREFIX}*"):
        with suppress(OSError):
            status = home.lstat()
            if status.st_uid == os.getuid() and status.st_mtime < oldest:
                shutil.rmtree(home, ignore_errors=True)


def run_tool(run: ToolRun, *, home: Path, limits: ToolLimits) -> str:
    """Run to the end and return what was printed.

    Raises:
        RenderingError: The tool refuses; the message is its own.
        ToolLimitError: It ran over a limit.
        ToolMissingError: It cannot be started, or not confined.
    """
    confinement = _confinement(run, home=home, limits=limits)
    if limits.isolation is Isolation.REFUSED:
        raise ToolMissingError(
            "This worker cannot confine the tools that render: its kernel or container has no"
            " Landlock (Linux 5.13 or later). An operator who trusts everybody that can write to"
            " a repository may set KARGO_TOOLS_UNCONFINED=true."
        )
    warden.prepare()  # out here, so that it is not confined itself
    command = Command(
        argv=run.argv,
        cwd=run.readable or home,
        env=_environment(home, limits),
        timeout=limits.timeout,
        output_bytes=limits.output_bytes,
        start=confinement.start
        if limits.isolation is Isolation.CONFINED
        else confinement.start_unconfined,
    )
    try:
        done = process.run(command)
    except (ProcessTimeoutError, OutputLimitError) as error:
        raise ToolLimitError(f"{error.message} An operator can raise the limit.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ToolMissingError(
            f"{run.argv[0]} cannot be run: {reason}. It must be the program itself, and not a"
            " script that starts it."
        ) from error
    return _printed(done, run=run, home=home, limits=limits)


def _confinement(run: ToolRun, *, home: Path, limits: ToolLimits) -> Confinement:
    program = Path(run.argv[0])
    readable = [_ZONES, *(_shown(run.readable) if run.readable else ())]
    executable = [program, *run.helpers]
    if any(map(_needs_libraries, (program, *run.helpers))):
        readable += [*_LIBRARIES, Path("/etc/ld.so.cache")]
        executable += _LIBRARIES
    return Confinement(
        readable=tuple(path for path in readable if path.exists()),
        writable=(home,),
        executable=tuple(path for path in executable if path.exists()),
        network=False,
        memory_bytes=limits.memory_bytes,
        file_bytes=_LARGEST_FILE_BYTES,
        cpu=limits.timeout * (os.cpu_count() or 1),
        listable=(run.readable,) if run.readable else (),
    )


def _shown(workdir: Path) -> Iterator[Path]:
    """Yield what is in a work directory but for the homes of clones, which hold signing keys."""
    with os.scandir(workdir) as found:
        for it in found:
            is_home = it.name.startswith(PREFIX) and Path(it.path, REPOSITORY, "HEAD").exists()
            if not (is_home or it.is_symlink()):
                yield Path(it.path)


def _needs_libraries(program: Path) -> bool:
    """Return whether an ELF program names an interpreter, which loads libraries for it."""
    try:
        with program.open("rb") as file:
            head = file.read(4096)
        start, size, count = struct.unpack_from("<Q14xHH", head, 32)
        kinds = [struct.unpack_from("<I", head, start + size * it)[0] for it in range(count)]
    except (OSError, struct.error):
        return True
    return not head.startswith(b"\x7fELF") or 3 in kinds  # noqa: PLR2004 - PT_INTERP in elf(5)


def _environment(home: Path, limits: ToolLimits) -> Mapping[str, str]:
    """Return all of the tool's environment; nothing of the worker's is in it."""
    folders = {
        "HOME": "",
        "TMPDIR": "",
        "XDG_CACHE_HOME": "cache",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "HELM_CACHE_HOME": "cache/helm",
        "HELM_CONFIG_HOME": "config/helm",
        "HELM_DATA_HOME": "data/helm",
        "HELM_PLUGINS": "none",
        "KUSTOMIZE_PLUGIN_HOME": "none",
        "KUBECONFIG": "none",
    }
    return {
        **{name: str(home / folder) for name, folder in folders.items()},
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), _DEAD_PROXY),
        "PATH": str(home / "none"),
        "GOMEMLIMIT": str(int(limits.memory_bytes * _GO_SHARE)),
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _printed(done: Completed, *, run: ToolRun, home: Path, limits: ToolLimits) -> str:
    name = Path(run.argv[0]).name
    if done.returncode:
        raise _failure(done, name=name, home=home, limits=limits)
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RenderingError(f"{name} printed text that is not UTF-8") from error


def _failure(
    done: Completed, *, name: str, home: Path, limits: ToolLimits
) -> RenderingError | ToolLimitError:
    said = done.stderr.decode("utf-8", errors="replace").replace(str(home), "~")
    if _NO_MEMORY.search(said) or done.returncode == -signal.SIGKILL:
        mebibytes = limits.memory_bytes // _MEBIBYTE
        return ToolLimitError(
            f"{name} needed more than {mebibytes} MiB of memory and was stopped."
            " An operator can raise the limit."
        )
    said = _NOISE.sub("", said).strip()
    said = re.sub(r"^[Ee]rror: ", "", said)[:_LONGEST_MESSAGE] or f"exit code {done.returncode}"
    if _NO_NETWORK.search(said):
        return RenderingError(
            f"{said} (the tool runs without a network: fetch what is remote with git-clone or"
            " http-download, and refer to that by its path)"
        )
    if _PERMISSION.search(said):
        return RenderingError(f"{said} (only files in the work directory can be read)")
    return RenderingError(said)
