"""Runs a shard's workers: one supervised cluster of processes."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from kargo_platform.workers.supervisor import Supervisor


class Command(BaseCommand):
    help = "Does the work of a shard until it is stopped with SIGTERM or Ctrl-C."
    requires_system_checks = []  # of URLs and templates, which no worker uses

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--shard", default=settings.DEFAULT_SHARD, help="whose work to do")
        parser.add_argument(
            "--workers", type=int, default=settings.WORKERS, help="how many processes do it"
        )

    def handle(self, **options: object) -> None:
        Supervisor(shard=str(options["shard"]), workers=int(str(options["workers"]))).run()
