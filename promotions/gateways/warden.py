"""Kills the process groups that this process started, should this process be killed.

One small shell per process reads the groups from a pipe. When the pipe closes, its owner is
gone and the shell kills whatever is still listed: children, and theirs. Unlike
``PR_SET_PDEATHSIG`` that needs no code between fork and exec, and works where there is no prctl.
A process killed in the few moments between starting a child and telling of it leaves that child
to its limit of processor time, so what children do must be repeatable all the same.
"""

import os
import threading
from contextlib import suppress

_SHELL = "/bin/sh"
_SCRIPT = """
live=" "
while read -r sign group; do
  case $sign in
    +) live="$live$group " ;;
    -) case $live in *" $group "*) live="${live%% $group *} ${live#* $group }" ;; esac ;;
  esac
done
for group in $live; do kill -KILL "-$group" 2>/dev/null; done
"""


class _Warden:
    """The shell, and the groups it should know of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pipe: int | None = None
        self._live: set[int] = set()

    def prepare(self) -> None:
        with self._lock:
            if self._pipe is None:
                self._start()

    def watch(self, group: int) -> None:
        with self._lock:
            self._live.add(group)
            if self._pipe is None or not self._tell(f"+ {group}\n"):
                self._start()

    def forget(self, group: int) -> None:
        with self._lock:
            self._live.discard(group)
            self._tell(f"- {group}\n")

    def forked(self) -> None:
        """Start afresh in a forked child, whose parent's groups are none of its business."""
        if self._pipe is not None:
            os.close(self._pipe)
        self.__init__()  # type: ignore[misc] # a fork leaves one thread, so nobody looks on

    def _tell(self, line: str) -> bool:
        if self._pipe is None:
            return False
        with suppress(OSError):
            os.write(self._pipe, line.encode())
            return True
        return False

    def _start(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
        reading, self._pipe = os.pipe()
        os.posix_spawn(
            _SHELL,
            [_SHELL, "-c", _SCRIPT],
            {},
            file_actions=[
                (os.POSIX_SPAWN_DUP2, reading, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setpgroup=0,
        )
        os.close(reading)
        for group in self._live:
            self._tell(f"+ {group}\n")


_WARDEN = _Warden()
os.register_at_fork(after_in_child=_WARDEN.forked)


def prepare() -> None:
    """Have the shell ready, so that telling it of a child takes no time."""
    _WARDEN.prepare()


def watch(group: int) -> None:
    """Have process group ``group`` killed if this process dies."""
    _WARDEN.watch(group)


def forget(group: int) -> None:
    """Forget ``group``, which has ended."""
    _WARDEN.forget(group)
