"""A hundred real promotions on the configured database while workers are killed; prints JSON.

``python -m tests.functional.chaos.scenario`` runs it by hand: set ``KARGO_VAR_DIR`` to a folder
of its own, and ``DATABASE_URL`` unless SQLite in that folder will do; migrate first. ``calm`` as
argument kills nothing, for comparison.
"""

import json
import os
import sys
import time
from pathlib import Path

import django

VAR_DIR = Path(os.environ["KARGO_VAR_DIR"]).resolve()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
os.environ |= {
    "KARGO_VAR_DIR": str(VAR_DIR),
    "KARGO_GIT_ALLOW_LOCAL": "1",
    "KARGO_EGRESS_ALLOWED_HOSTS": "127.0.0.1",
    "KARGO_LEASE_SECONDS": "2",
    "KARGO_LOG_LEVEL": "INFO",
}
django.setup()

from django.db import connection  # noqa: E402

from promotions.models import Promotion, Work  # noqa: E402
from tests.fakes.git_http_server import serving  # noqa: E402
from tests.functional.chaos import findings  # noqa: E402
from tests.functional.chaos.clusters import Clusters, below, leftovers  # noqa: E402
from tests.functional.chaos.pipeline import STAGES, Pipeline, Repositories  # noqa: E402
from tests.functional.chaos.watcher import Watcher  # noqa: E402
from tests.functional.workers.processes import wait_until  # noqa: E402

FREIGHT = 20
SECONDS = 180.0
SETTLE_SECONDS = 20.0


def run(*, kills: bool) -> dict[str, object]:
    """Promote everything everywhere; return what came of it."""
    repositories = Repositories.create(VAR_DIR / "origins")
    # Behind a server, because no remote is killed together with those who push to it.
    with serving(repositories.configuration.path.parent) as server:
        remote = f"{server.url}/{repositories.configuration.path.name}"
        pipeline = Pipeline.create(repositories, remote=remote, count=FREIGHT)
        clusters, watcher = Clusters(VAR_DIR), Watcher()
        watcher.start()
        try:
            clusters.wait_until_up()
            if kills:
                clusters.begin_killing()
            began = time.monotonic()
            is_done = promote_everything(pipeline, until=began + SECONDS)
            took = time.monotonic() - began
            if kills:
                clusters.end_killing()
                clusters.wait_until_up()
            is_settled = wait_until(is_quiet, seconds=SETTLE_SECONDS)
        finally:
            watcher.stop()
            exit_codes = clusters.stop()
        return {
            "database": connection.vendor,
            "seconds": round(took, 1),
            "is_done": is_done,
            "is_settled": is_settled,
            "phases": findings.phases(),
            "kills": dict(clusters.kills),
            "exit_codes": exit_codes,
            "problems": findings.problems(pipeline, repositories) if is_done else [],
            "most_running": watcher.most_running,
            "samples": watcher.samples,
            "fences_fell": watcher.fences_fell,
            "repeats": repeats(),
            "leftovers": left_behind(),
            **({} if is_done else {"stuck": findings.stuck(), "log": clusters.log_tail()}),
        }


def promote_everything(pipeline: Pipeline, *, until: float) -> bool:
    """Queue promotions as soon as they may be; return whether all have succeeded in time."""
    total = len(STAGES) * len(pipeline.freight)
    while time.monotonic() < until:
        for stage in STAGES:
            pipeline.promote(stage)
        if Promotion.objects.filter(phase="Succeeded").count() == total:
            return True
        if Promotion.objects.filter(phase__in=["Failed", "Errored", "Aborted"]).exists():
            return False
        time.sleep(0.1)
    return False


def is_quiet() -> bool:
    """Return whether nobody is at anything, and every work directory has been removed."""
    is_busy = Work.objects.exclude(lease_until=None).exists()
    return not is_busy and not any(below(VAR_DIR / "work"))


def repeats() -> int:
    """Return how many promotions took more than one pass, mostly because a worker had died."""
    fences = Work.objects.filter(kind="promotion").values_list("fence", flat=True)
    return sum(fence > 1 for fence in fences)


def left_behind() -> list[str]:
    """Return the processes and the work directories that nobody removed."""
    wait_until(lambda: not leftovers(VAR_DIR), seconds=5)
    return leftovers(VAR_DIR) + [str(path) for path in below(VAR_DIR / "work")]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(kills="calm" not in sys.argv[1:])) + "\n")
