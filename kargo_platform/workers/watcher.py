"""The process that listens to a shard's Argo CDs: started, started again, and never left behind."""

import logging
import os
import subprocess
import sys
import time

from kargo_platform.settings.env import BASE_DIR

logger = logging.getLogger(__name__)

RESTART_SECONDS = 5.0
"""At least so long lies between two starts, so that one that cannot start does not spin."""
_DEATH_SECONDS = 5.0


class WatcherProcess:
    """The listener of a shard; it ends when this process does.

    Work goes on without it, only slower: news then waits for the next look.
    """

    def __init__(self, *, shard: str) -> None:
        self._shard = shard
        self._main: subprocess.Popen[bytes] | None = None
        self._started_at = -RESTART_SECONDS

    def keep_running(self) -> None:
        """Start it unless it runs, or was started a moment ago; does not wait."""
        if self._main is not None and self._main.poll() is None:
            return
        if time.monotonic() - self._started_at < RESTART_SECONDS:
            return
        if self._main is not None:
            facts = {"shard": self._shard, "exit_code": self._main.returncode}
            logger.warning("listener ended; restarting it", extra=facts)
        self._started_at = time.monotonic()
        command = ["watch_applications", "--shard", self._shard]
        self._main = subprocess.Popen(  # noqa: S603 -- our own command, no shell
            [
                sys.executable,
                str(BASE_DIR / "manage.py"),
                *command,
                "--supervisor-pid",
                str(os.getpid()),
            ],
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it; it has nothing to lose."""
        if self._main is None or self._main.poll() is not None:
            return
        self._main.terminate()
        try:
            self._main.wait(_DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            self._main.kill()
            self._main.wait()
