"""Starts a program that can reach only the files it was given, and no network.

Linux's Landlock confines files, a seccomp filter refuses sockets, and both are inherited. They
apply to the thread that asks for them, so the program is started from a thread that ends right
after: nothing runs between fork and exec, no helper program is started, and it needs no rights.
Memory is bounded by ``RLIMIT_DATA``, which unlike ``RLIMIT_AS`` leaves out what is only reserved.

Source: ``landlock(7)``, ``seccomp(2)`` and ``linux/{landlock,seccomp,audit}.h``.
"""

import ctypes
import errno
import math
import os
import platform
import resource
import stat
import struct
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_QUESTION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES, _SECCOMP, _SECCOMP_FILTER = 38, 22, 2

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many of the rights to files each version of Landlock knows; later ones add none."""
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_TO_READ = _READ_FILE | _READ_DIR

_SOCKET_CALLS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: its number in audit records, and the number of ``socket``."""
_IO_URING_SETUP = 425
_X32_CALLS = 0x40000000


@dataclass(frozen=True, slots=True)
class Confinement:
    """What a program may reach.

    Attributes:
        readable: Files, and directories with all that is in them.
        writable: The same, to read, make, change and delete in.
        executable: Programs it may read and run.
        network: Whether it may open sockets.
        memory_bytes: Most memory that it may have written to; its children have as much each.
        file_bytes: Size of the largest file that it may write.
        cpu: Most processor time that it may take, so that one whose worker was killed in the very
            moment of starting it does not go on for ever; ``None`` is any.
        listable: Directories in which, and below which, it may list names.
    """

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    executable: tuple[Path, ...]
    network: bool
    memory_bytes: int
    file_bytes: int
    cpu: timedelta | None = None
    listable: tuple[Path, ...] = ()

    def start(self, argv: list[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a program confined; called like ``subprocess.Popen``.

        Raises:
            OSError: It cannot be started, or this host cannot confine it.
        """
        with self._ruleset() as ruleset, ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(self._start_here, argv, options, ruleset).result()

    def start_unconfined(self, argv: list[str], **options: object) -> subprocess.Popen[bytes]:
        """Start a program with its memory, files and time bounded, and nothing else."""
        process = subprocess.Popen(argv, **options)  # type: ignore[call-overload] # noqa: S603 - options of Popen, passed on; a fixed command
        with suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (self.memory_bytes,) * 2)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (self.file_bytes,) * 2)
            if self.cpu is not None:
                seconds = math.ceil(self.cpu.total_seconds())
                resource.prlimit(process.pid, resource.RLIMIT_CPU, (seconds,) * 2)
        return process  # type: ignore[no-any-return] # as above

    def _start_here(
        self, argv: list[str], options: dict[str, object], ruleset: int
    ) -> subprocess.Popen[bytes]:
        """Confine this thread for good, and start a program from it."""
        _called(_libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        if not self.network and is_network_confinable():
            _refuse_sockets()
        _called(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
        return self.start_unconfined(argv, **options)

    @contextmanager
    def _ruleset(self) -> Iterator[int]:
        handled = (1 << _RIGHTS_BY_VERSION[min(_landlock_version(), max(_RIGHTS_BY_VERSION))]) - 1
        size, question = ctypes.sizeof(ctypes.c_uint64), struct.pack("=Q", handled)
        ruleset = _called(_libc().syscall(_CREATE_RULESET, question, size, 0))
        try:
            for paths, rights in (
                (self.listable, _READ_DIR),
                (self.readable, _TO_READ),
                (self.writable, handled & ~_EXECUTE),
                (self.executable, _TO_READ | _EXECUTE),
                ((Path(os.devnull),), _TO_READ | _WRITE_FILE),
            ):
                for path in paths:
                    _allow(ruleset, path, rights & handled)
            yield ruleset
        finally:
            os.close(ruleset)


def are_files_confinable() -> bool:
    """Return whether this host can keep a program from files."""
    return _landlock_version() > 0


@cache
def is_network_confinable() -> bool:
    """Return whether this host can keep a program from the network."""
    return platform.machine() in _SOCKET_CALLS and are_files_confinable()


@cache
def _landlock_version() -> int:
    """Return the version of Landlock, 0 where there is none."""
    if platform.system() != "Linux":
        return 0
    return max(0, int(_libc().syscall(_CREATE_RULESET, None, 0, _VERSION_QUESTION)))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights, opened)
        _called(_libc().syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0))
    finally:
        os.close(opened)


def _refuse_sockets() -> None:
    """Have every attempt of this thread and its children to open a socket fail."""
    program = _filter(*_SOCKET_CALLS[platform.machine()])
    held = ctypes.create_string_buffer(program, len(program))
    length = len(program) // 8
    header = struct.pack("@HP", length, ctypes.addressof(held))
    _called(_libc().prctl(_SECCOMP, _SECCOMP_FILTER, header, 0, 0))


def _filter(architecture: int, socket_call: int) -> bytes:
    """Return a program of the kernel's packet filter; jumps count the lines to leave out."""
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EACCES
    lines = (
        (load, 0, 0, 4),  # the architecture that the call is made for
        (equal, 0, 4, architecture),
        (load, 0, 0, 0),  # the number of the call
        (at_least, 2, 0, _X32_CALLS),
        (equal, 1, 0, socket_call),
        (equal, 0, 1, _IO_URING_SETUP),
        (answer, 0, 0, refuse),
        (answer, 0, 0, allow),
    )
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _called(result: int) -> int:
    """Return what a call returned.

    Raises:
        OSError: It failed.
    """
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"cannot confine a program: {os.strerror(code)}")
    return result
