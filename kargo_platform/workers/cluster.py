"""One django-q2 cluster as a group of child processes: started, watched, and never left behind."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import time

from kargo_platform.settings.env import BASE_DIR

logger = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
"""At least so long lies between two starts, so that a cluster that cannot start does not spin."""
_POLL_SECONDS = 0.05
_DEATH_SECONDS = 5.0


class ClusterProcess:
    """The cluster of a shard; its processes share a group and die with this one.

    They show progress by touching an unlinked file that they inherit. Anything written to it asks
    them to end after the pass they are at.
    """

    def __init__(self, *, shard: str, workers: int) -> None:
        self._shard = shard
        self._workers = workers
        self._heartbeat = tempfile.TemporaryFile()  # noqa: SIM115 -- open until we end
        self._main: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._excused_at = 0.0

    def start(self) -> None:
        """Start it, first killing what may be left of the one before; does not wait."""
        if time.monotonic() - self._started_at < RESTART_SECONDS:
            return
        if self._main is not None:
            logger.warning(
                "cluster ended; restarting it",
                extra={"shard": self._shard, "exit_code": self._main.returncode},
            )
            self.kill()
        self._started_at = time.monotonic()
        self.excuse()
        self._main = subprocess.Popen(  # noqa: S603 -- our own command, no shell
            [sys.executable, str(BASE_DIR / "manage.py"), "qcluster"],
            env=self._environment(),
            pass_fds=[self._heartbeat.fileno()],
            start_new_session=True,
        )

    def is_running(self) -> bool:
        """Return whether its main process lives."""
        return self._main is not None and self._main.poll() is None

    def silent_seconds(self) -> float:
        """Return how long it has shown no progress, since it was last excused."""
        touched_at = os.fstat(self._heartbeat.fileno()).st_mtime
        return time.time() - max(touched_at, self._excused_at)

    def excuse(self) -> None:
        """Do not hold the silence until now against it."""
        self._excused_at = time.time()

    def stop(self, *, seconds: float) -> None:
        """Let the passes that run end, for so long; then kill what is left."""
        if self._main is not None and self.is_running():
            self._heartbeat.write(b"stop")
            self._heartbeat.flush()
            self._main.terminate()
            try:
                self._main.wait(seconds)
            except subprocess.TimeoutExpired:
                logger.warning("passes did not end in time", extra={"shard": self._shard})
        self.kill()

    def kill(self) -> None:
        """Kill the whole group, and wait until it is gone."""
        if self._main is None:
            return
        group, gone_by = self._main.pid, time.monotonic() + _DEATH_SECONDS
        while _signal_group(group) and time.monotonic() < gone_by:
            self._main.poll()
            time.sleep(_POLL_SECONDS)
        self._main.wait()

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "Q_CLUSTER_NAME": self._shard,
            "KARGO_WORKERS": str(self._workers),
            "KARGO_WORKER_HEARTBEAT_FD": str(self._heartbeat.fileno()),
            "KARGO_WORKER_SUPERVISOR_PID": str(os.getpid()),
        }


def _signal_group(group: int) -> bool:
    """Kill the group's processes; return whether there were any."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
