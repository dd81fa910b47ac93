"""Looks on while promotions run: nothing may ever run twice in a Stage, no fence may fall."""

import threading

from django.db import connection
from django.db.models import Count

from promotions.models import Promotion, Work

_PAUSE_SECONDS = 0.02


class Watcher:
    """Samples the database from a thread of its own."""

    def __init__(self) -> None:
        self.samples = 0
        self.most_running = 0
        self.fences_fell: list[str] = []
        self._fences: dict[str, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="watcher")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        try:
            while not self._over.wait(_PAUSE_SECONDS):
                self._look()
        finally:
            connection.close()

    def _look(self) -> None:
        running = Promotion.objects.filter(phase="Running").order_by().values("stage")
        counts = running.annotate(count=Count("pk")).values_list("count", flat=True)
        self.most_running = max(self.most_running, *counts, 0)
        for kind, uid, fence in Work.objects.values_list("kind", "uid", "fence"):
            key = f"{kind} {uid}"
            if fence < self._fences.get(key, 0):
                self.fences_fell.append(key)
            self._fences[key] = fence
        self.samples += 1
