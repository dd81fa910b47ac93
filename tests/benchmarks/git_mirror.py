"""What does a mirror cost, against the clones that would be made without it?

Disk, memory and time of a mirror and of a clone that borrows from it, against a full clone; of a
mirror without blobs; and what 200 Warehouses ask of the host when there is one new commit,
against a clone for each, which is what Kargo makes.

Run as ``python -m tests.benchmarks.git_mirror [--files N] [--commits N]``. The exit code is 1 if
an aim is missed.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its stubs are not installed

from common.egress import EgressPolicy
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.hosts import HostLimits
from promotions.gateways.git.settings import GitSettings
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import Remote
from promotions.ports.workspaces import Checkout, CloneRequest
from tests.benchmarks.git_promotions import make_repository
from tests.fakes.git_http_server import GitHTTPServer, serving

WAREHOUSES = 200
SAMPLE = 5
MOST_FETCHES = 2
LARGEST_MIRROR = 1.1
"""Times the disk of a bare full clone."""
LARGEST_BORROWER = 0.05
"""Times the disk of a full clone, its files left out."""
_SAMPLE_SECONDS = 0.005
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")
_MIB = 1024**2
_KIB = 1024


@dataclass(frozen=True)
class Cost:
    """Seconds, bytes on disk, and the most bytes that one process of Git had in memory."""

    seconds: float
    disk: int
    memory: int


def _settings(cache: Path) -> GitSettings:
    loopback = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
    patient = HostLimits(patience=timedelta(minutes=1))
    return GitSettings(cache_dir=cache, egress=loopback, hosts=patient)


def by_hand(url: str, target: Path, *options: str) -> None:
    """Clone with plain Git."""
    subprocess.run(["git", "clone", "-q", *options, url, target], check=True)  # noqa: S603,S607 - fixed


def by_mirror(url: str, cache: Path) -> None:
    """Make a mirror."""
    open_git(_settings(cache)).repositories.mirrors.mirror(Remote(url)).fetch()


def measured(do: Callable[..., None], *arguments: object, folder: Path) -> Cost:
    """Do it in a process of its own, and return what it took and what its Git processes took."""
    started = time.perf_counter()
    process = get_context("fork").Process(target=do, args=arguments)
    process.start()
    memory = 0
    while process.is_alive():
        memory = max(memory, _most_memory(process.pid))
        time.sleep(_SAMPLE_SECONDS)
    return Cost(time.perf_counter() - started, _disk(folder), memory)


def _most_memory(parent: int | None) -> int:
    """Return the most bytes that one living descendant, other than Python, has had in memory."""
    most = 0
    with suppress(psutil.Error):
        for child in psutil.Process(parent).children(recursive=True):
            with suppress(psutil.Error, OSError):
                if child.name().startswith("git"):
                    found = _PEAK.search(Path(f"/proc/{child.pid}/status").read_text())
                    most = max(most, int(found[1]) * _KIB if found else 0)
    return most


def _disk(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def borrowed(url: str, cache: Path, workdir: Path) -> None:
    """Make a promotion's clone of one folder."""
    checkout = Checkout(path=str(workdir / "out"), branch="main", sparse=("apps/g000/svc7",))
    request = CloneRequest(
        remote=Remote(url),
        workdir=str(workdir),
        owner="bench",
        checkouts=(checkout,),
        identity=GitIdentity(),
    )
    open_git(_settings(cache)).workspaces.clone(request)


def costs(base: Path, url: str) -> dict[str, Cost]:
    """Return what each way costs, by its name."""
    for name in ("cache", "work"):
        (base / name).mkdir()
    found = {
        "full clone": measured(by_hand, url, base / "full", folder=base / "full"),
        "bare clone": measured(by_hand, url, base / "bare", "--bare", folder=base / "bare"),
        "mirror": measured(by_mirror, url, base / "cache", folder=base / "cache"),
        "borrowing clone": measured(
            borrowed, url, base / "cache", base / "work", folder=base / "work"
        ),
    }
    blobless = ("--bare", "--filter=blob:none")
    lean = base / "blobless"
    found["bare, no blobs"] = measured(by_hand, url, lean, *blobless, folder=lean)
    found["its first checkout"] = measured(_check_out, lean, base / "lean", folder=base / "lean")
    return found


def _check_out(repository: Path, target: Path) -> None:
    command = ["git", "-C", str(repository), "worktree", "add", "-q", str(target), "main"]
    subprocess.run(command, check=True)  # noqa: S603 - fixed


@dataclass(frozen=True)
class Discovery:
    """How long so many Warehouses took, and how many packs the host sent."""

    seconds: float
    fetches: int


def discovered(server: GitHTTPServer, cache: Path, *, newest: str) -> Discovery:
    """Let 200 Warehouses find one new commit, eight at a time."""
    remote = Remote(f"{server.url}/origin.git")
    gateway = open_git(_settings(cache))
    by_mirror(remote.url, cache)
    server.fetches = 0
    head = _commit(server.root / "origin.git", newest)

    def discover(_: int) -> str:
        listing = gateway.repositories.list_refs(remote, max_age=timedelta(seconds=10))
        at = listing.branch("main")
        return next(gateway.repositories.walk(remote, branch="main", at=at)).id

    started = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(discover, range(WAREHOUSES)))
    assert found == {head}
    return Discovery(time.perf_counter() - started, server.fetches)


def cloned(server: GitHTTPServer, base: Path) -> Discovery:
    """Make a clone of one branch for each of a few Warehouses; scale it to all."""
    server.fetches = 0
    url = f"{server.url}/origin.git"
    started = time.perf_counter()
    for number in range(SAMPLE):
        by_hand(url, base / f"clone-{number}", "--bare", "--single-branch", "--no-tags")
    scale = WAREHOUSES // SAMPLE
    return Discovery((time.perf_counter() - started) * scale, server.fetches * scale)


def _commit(repository: Path, message: str) -> str:
    who = {
        f"GIT_{it}_{part}": "a@b" for it in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(repository), *arguments]
        done = subprocess.run(  # noqa: S603 - fixed
            command, check=True, capture_output=True, text=True, env=os.environ | who
        )
        return done.stdout.strip()

    commit = git("commit-tree", "-p", "main", "-m", message, "main^{tree}")
    git("update-ref", "refs/heads/main", commit)
    return commit


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main() -> int:
    """Measure and print the tables; return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--commits", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        base = Path(folder)
        origin = base / "origin.git"
        make_repository(origin, files=options.files, commits=options.commits)
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            subprocess.run(["git", "-C", origin, "config", key, "true"], check=True)  # noqa: S603,S607 - fixed
        with serving(base) as server:
            found = costs(base, f"{server.url}/origin.git")
            ours = discovered(server, base / "cache", newest="bench")
            theirs = cloned(server, base)
    return int(not _report(found, ours, theirs))


def _report(found: dict[str, Cost], ours: Discovery, theirs: Discovery) -> bool:
    full = found["full clone"]
    _say(f"{'':<20} {'seconds':>8} {'disk MiB':>9} {'memory MiB':>11}  ratios to a full clone")
    for name, cost in found.items():
        ratios = (cost.seconds / full.seconds, cost.disk / full.disk, cost.memory / full.memory)
        _say(
            f"{name:<20} {cost.seconds:8.2f} {cost.disk / _MIB:9.1f} {cost.memory / _MIB:11.0f}  "
            + " ".join(f"{ratio:7.3f}" for ratio in ratios)
        )
    _say(f"{WAREHOUSES} warehouses, one new commit: {ours.fetches} fetches in {ours.seconds:.1f} s")
    _say(f"a clone for each: {theirs.fetches} fetches in {theirs.seconds:.0f} s (scaled up)")
    mirror = found["mirror"].disk / found["bare clone"].disk
    borrower = found["borrowing clone"].disk / full.disk
    _say(f"mirror on disk, of a bare clone: {mirror:.2f} (aim {LARGEST_MIRROR})")
    _say(f"borrowing clone on disk, of a full clone: {borrower:.4f} (aim {LARGEST_BORROWER})")
    within = mirror <= LARGEST_MIRROR and borrower <= LARGEST_BORROWER
    return within and ours.fetches <= MOST_FETCHES


if __name__ == "__main__":
    sys.exit(main())
