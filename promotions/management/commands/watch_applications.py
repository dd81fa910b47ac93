"""Listens to the Argo CDs of a shard; a worker starts it beside its cluster."""

import os
import signal
from types import FrameType

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from promotions.wiring import application_watch


class Command(BaseCommand):
    help = "Listens to the Argo CDs of a shard until it is stopped with SIGTERM or Ctrl-C."
    requires_system_checks = []  # of URLs and templates, which it does not use

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shard", default=settings.DEFAULT_SHARD, help="whose to listen to")
        parser.add_argument(
            "--supervisor-pid", type=int, default=0, help="ends when this process has ended"
        )

    def handle(self, **options: object) -> None:
        supervisor, stopped = int(str(options["supervisor_pid"])), []

        def stop(number: int, _frame: FrameType | None) -> None:
            stopped.append(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        application_watch(str(options["shard"])).run(
            keep_going=lambda: not stopped and supervisor in {0, os.getppid()}
        )
