"""Issues an API token from the command line."""

import getpass
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.selectors import tenant_named
from rbac.actors import operator_at_console
from rbac.selectors import user_named
from rbac.services import issue_token


class Command(BaseCommand):
    help = "Issue an API token that acts as a user, and print it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="console", help="what it is for")
        parser.add_argument("--tenant", default="", help="narrow it to one tenant")
        parser.add_argument("--days", type=int, default=0, help="how long it works; 0 is for ever")

    def handle(self, *_: Any, **options: Any) -> None:
        at = now()
        days = options["days"]
        try:
            tenant = tenant_named(options["tenant"]) if options["tenant"] else None
            _token, plaintext = issue_token(
                user_named(options["username"]),
                name=options["name"],
                tenant_uid=tenant.uid if tenant else None,
                expires_at=at + timedelta(days=days) if days else None,
                actor=operator_at_console(getpass.getuser()),
                now=at,
            )
        except PlatformError as error:
            raise CommandError(error.message) from error
        self.stdout.write(plaintext)
