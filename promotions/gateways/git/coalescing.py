"""One call for all who want the same thing at the same time, across processes.

A result that began after I asked is as good as my own. So two hundred callers cost at most two
calls: the one under way when they came, which is too old for them, and the next.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from common.jsontypes import JSONObject, as_object, as_text
from common.locks import file_lock
from promotions.gateways.git.failures import failure_of, storage_failure
from promotions.gateways.git.files import write_whole
from promotions.ports.git import GitError, HostPausedError


@dataclass(frozen=True, slots=True)
class SharedCall:
    """A call whose result is kept in ``path``, with a lock beside it.

    Attributes:
        timeout: Longest to wait for another process's call.
    """

    path: Path
    timeout: timedelta

    def result(self, produce: Callable[[], str], *, max_age: timedelta = timedelta(0)) -> str:
        """Return what ``produce`` returns, from a call at most ``max_age`` older than this one.

        A failure is shared with those who waited for it, and with nobody later.

        Raises:
            GitError: ``produce`` raised it, here or in another process.
            ConflictError: Other calls took longer than ``timeout``.
        """
        asked = time.monotonic()
        fresh_since = asked - max_age.total_seconds()
        if max_age and (noted := self._noted(fresh_since)) is not None and "error" not in noted:
            return as_text(noted.get("text"))
        try:
            with file_lock(self.path.with_suffix(".lock"), timeout=self.timeout):
                noted = self._noted(fresh_since)
                if noted is not None and ("error" not in noted or _started(noted) >= asked):
                    return _unpacked(noted)
                return self._produced(produce)
        except OSError as error:
            raise storage_failure(error) from error

    def has_succeeded(self, *, within: timedelta) -> bool:
        """Return whether a call that began so short a while ago went well."""
        noted = self._noted(time.monotonic() - within.total_seconds())
        return noted is not None and "error" not in noted

    def _produced(self, produce: Callable[[], str]) -> str:
        started = time.monotonic()
        try:
            text = produce()
        except GitError as error:
            until = error.until.isoformat() if isinstance(error, HostPausedError) else ""
            self._note(
                {"started": started, "error": error.code, "text": error.message, "until": until}
            )
            raise
        self._note({"started": started, "text": text})
        return text

    def _note(self, result: JSONObject) -> None:
        try:
            write_whole(self.path, json.dumps(result))
        except OSError:
            # Nobody else profits, but the caller has its answer; a full disk shows elsewhere.
            self.path.unlink(missing_ok=True)

    def _noted(self, fresh_since: float) -> JSONObject | None:
        try:
            noted = as_object(json.loads(self.path.read_text()))
        except (FileNotFoundError, ValueError):
            return None
        # The monotonic clock is the host's, so processes agree; it starts again at boot, where
        # an old note may lie in the future.
        return noted if fresh_since <= _started(noted) <= time.monotonic() else None


def _started(noted: JSONObject) -> float:
    started = noted.get("started")
    return started if isinstance(started, float) else -1.0


def _unpacked(noted: JSONObject) -> str:
    if "error" in noted:
        until = as_text(noted.get("until"))
        raise failure_of(
            as_text(noted["error"]),
            as_text(noted.get("text")),
            until=datetime.fromisoformat(until) if until else None,
        )
    return as_text(noted.get("text"))
