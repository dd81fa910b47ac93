"""Makes an operator's account from the command line."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from rbac.actors import operator_at_console
from rbac.services import create_operator


class Command(BaseCommand):
    help = "Create an operator, who may do everything, and print the password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="'admin' is the one whose password the API takes")
        parser.add_argument("--email", default="")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from standard input instead of making one up",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        given = sys.stdin.readline().strip() if options["password_stdin"] else None
        try:
            user, password = create_operator(
                options["username"],
                options["email"],
                password=given or None,
                actor=operator_at_console(getpass.getuser()),
                now=now(),
            )
        except PlatformError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"operator: {user.username}")
        if given is None:
            self.stdout.write(f"password: {password}")
