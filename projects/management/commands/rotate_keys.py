"""``manage.py rotate_keys``: change the keys that secrets are encrypted with."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from projects.services.tenant_keys import keys_left, renew_data_keys, wrap_keys
from rbac.actors import operator_at_console


class Command(BaseCommand):
    help = (
        "Wrap all data keys under the first key of KARGO_ENCRYPTION_KEYS; older ones may then go. "
        "It may be cut off and run again, beside workers and people who write."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data",
            action="store_true",
            help="also make new data keys, and encrypt every secret again under them",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        actor = operator_at_console(getpass.getuser())
        done = wrap_keys(actor=actor, now=now(), tell=self.stdout.write)
        problems = done.problems
        if options["data"]:
            problems += renew_data_keys(actor=actor, now=now(), tell=self.stdout.write).problems
        if problems:
            raise CommandError("\n".join(problems))
        left = keys_left()
        if left:
            raise CommandError(
                f"Something was encrypted meanwhile with {', '.join(left)}; give every process "
                "the new keys, restart it, and run this again."
            )
        self.stdout.write("nothing is encrypted with older keys; they may leave the keyring")
