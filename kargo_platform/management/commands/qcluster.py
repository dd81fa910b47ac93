"""Runs one django-q2 cluster, hardened; ``worker`` starts, watches and restarts it."""

import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django_q.cluster import Cluster
from django_q.conf import Conf

from kargo_platform.workers import locks
from promotions import tasks


class Command(BaseCommand):
    help = "Runs one cluster of worker processes for a shard. Use `worker`, which supervises it."
    requires_system_checks = []  # of URLs and templates, which no worker uses

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run-once", action="store_true", help="start, then stop")
        parser.add_argument("-n", "--name", dest="cluster_name", help="the shard")

    def handle(self, **options: object) -> None:
        self._ensure_name(options["cluster_name"])
        self._bind_to_supervisor()
        locks.install()
        tasks.preload()
        cluster = Cluster()
        cluster.start()
        if options["run_once"]:
            cluster.stop()

    def _ensure_name(self, name: object) -> None:
        # django-q2 reads the name from the environment while Django starts, so start again.
        if name and name != Conf.CLUSTER_NAME:
            os.environ["Q_CLUSTER_NAME"] = str(name)
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 -- our own command line, no shell

    def _bind_to_supervisor(self) -> None:
        if settings.WORKER_SUPERVISOR_PID:
            locks.die_with_parent()
            if os.getppid() != settings.WORKER_SUPERVISOR_PID:  # it died before we asked
                sys.exit(1)
