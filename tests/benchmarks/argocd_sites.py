"""Runs fake Argo CDs in a process of their own, so that their CPU is not counted as ours.

Their time is the machine's. Both sides speak JSON by lines over the process's pipes.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.fakes.argocd import Site, application, argocd
from tests.functional.workers.processes import ROOT

COMMIT = "b" * 40
CONFIG_URL = "https://git.example/cfg.git"
START_SECONDS, SYNC_SECONDS = 0.2, 0.3
"""How long an operation waits here, and how long it then takes."""
_TICK_SECONDS = 0.1
_STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Address:
    """One Argo CD, as a control plane is registered with it.

    Attributes:
        apps: The names of its Applications, told apart from those of all others.
    """

    kind: str
    url: str
    token: str
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sites:
    """Argo CDs that run elsewhere."""

    addresses: tuple[Address, ...]
    process: "subprocess.Popen[str]"

    def requests(self) -> list[int]:
        """Return how many requests each has seen so far."""
        return [int(count) for count in self._ask(do="requests")]

    def streams(self) -> int:
        """Return how many of them are listened to."""
        return int(self._ask(do="streams"))

    def hang_up(self) -> None:
        """Close all streams."""
        self._ask(do="hang up")

    def set_health(self, status: str, *, only: str = "") -> dict[str, float]:
        """Change the health of every Application, or of one; return when, by name."""
        moments: dict[str, float] = self._ask(do="health", status=status, only=only)
        return moments

    def _ask(self, **question: str) -> Any:
        if self.process.stdin is None or self.process.stdout is None:
            raise AssertionError("it was started with pipes")
        self.process.stdin.write(f"{json.dumps(question)}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def running_sites(count: int, *, apps: int, stage: str = "") -> Iterator[Sites]:
    """Run so many Argo CDs, every second one behind the Kubernetes API, until the block ends.

    Args:
        count: How many.
        apps: How many Applications each has: Healthy, and synced to :data:`COMMIT`.
        stage: Which may promote to Application n, with ``{}`` for n, such as ``demo:s{}``.
    """
    command = [sys.executable, "-m", "tests.benchmarks.argocd_sites", str(count), str(apps), stage]
    process = subprocess.Popen(  # noqa: S603 -- our own command
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None:
            raise AssertionError("it was started with pipes")
        told = json.loads(process.stdout.readline())
        yield Sites(tuple(Address(**{**it, "apps": tuple(it["apps"])}) for it in told), process)
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)


def main(count: int, apps: int, stage: str) -> None:
    """Serve, and answer questions, until the other side goes away."""
    with ExitStack() as stack:
        sites = [
            stack.enter_context(argocd(apps=[_app(number, it, stage) for it in range(apps)]))
            for number in range(count)
        ]
        for site in sites:
            site.controller.commits[CONFIG_URL, "main"] = COMMIT
            site.controller.start_seconds = START_SECONDS
            site.controller.sync_seconds = SYNC_SECONDS
        threading.Thread(target=_keep_time, args=(sites,), daemon=True).start()
        names = [_names(number, apps) for number in range(count)]
        _say([_told(number, site, names[number]) for number, site in enumerate(sites)])
        for line in sys.stdin:
            _say(_answer(sites, names, json.loads(line)))


def _answer(sites: list[Site], names: list[list[str]], question: dict[str, str]) -> object:
    match question["do"]:
        case "requests":
            return [len(site.record.requests) for site in sites]
        case "streams":
            return sum(len(site.streams.opened) > site.streams.closed for site in sites)
        case "hang up":
            for site in sites:
                site.streams.close_all()
            return None
        case _:
            return _set_health(sites, names, question["status"], only=question["only"])


def _names(number: int, apps: int) -> list[str]:
    return [f"app-{number:02d}-{it:04d}" for it in range(apps)]


def _app(number: int, index: int, stage: str) -> dict[str, Any]:
    return application(
        f"app-{number:02d}-{index:04d}",
        stage=stage.format(index),
        sources=[{"repoURL": CONFIG_URL, "path": "app", "targetRevision": "main"}],
        status={
            "health": {"status": "Healthy"},
            "sync": {"status": "Synced", "revision": COMMIT},
            "reconciledAt": "2026-01-10T09:00:05Z",
            "operationState": {
                "phase": "Succeeded",
                "message": "successfully synced (all tasks run)",
                "operation": {"sync": {"revision": COMMIT}},
                "startedAt": "2026-01-10T09:00:00Z",
                "finishedAt": "2026-01-10T09:00:05Z",
                "syncResult": {"revision": COMMIT, "resources": []},
            },
        },
    )


def _told(number: int, site: Site, names: list[str]) -> dict[str, Any]:
    if number % 2:
        return {
            "kind": "kubernetes",
            "url": site.kubernetes_url,
            "token": site.kubernetes_token,
            "apps": names,
        }
    return {"kind": "rest", "url": site.rest_url, "token": site.token, "apps": names}


def _set_health(
    sites: list[Site], names: list[list[str]], status: str, *, only: str
) -> dict[str, float]:
    moments = {}
    for site, own in zip(sites, names, strict=True):
        for name in own if not only else {only} & {*own}:
            site.set(name, {"status": {"health": {"status": status}}})
            moments[name] = time.time()
    return moments


def _keep_time(sites: list[Site]) -> None:
    moved = time.monotonic()
    while True:
        time.sleep(_TICK_SECONDS)
        passed, moved = time.monotonic() - moved, time.monotonic()
        for site in sites:
            site.clock.advance(passed)


def _say(answer: object) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
