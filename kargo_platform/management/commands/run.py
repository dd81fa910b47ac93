"""Serves the platform on one machine: web server and worker on SQLite."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from kargo_platform.processes import Children, free_port, start_server, start_worker
from kargo_platform.settings.env import VAR_DIR
from projects.selectors import default_tenant
from rbac.actors import operator_at_console
from rbac.models import User
from rbac.services.accounts import create_operator
from rbac.services.tokens import issue_token


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Migrate, then serve the portal, the API and a worker; print address and credentials."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, **options: Any) -> None:
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0)
        default_tenant()
        user, password = _operator()
        _, token = issue_token(
            user,
            name="run",
            tenant_uid=None,
            expires_at=None,
            actor=operator_at_console("run"),
            now=now(),
        )
        with Children(log=VAR_DIR / "run.log") as children:
            try:
                address = start_server(children, port=free_port(options["port"]))
                start_worker(children)
                self.stdout.write(
                    f"Address   {address}\nOperator  admin\nPassword  {password}\n"
                    f"Token     {token}\nLog       {children.log}\nCtrl-C stops."
                )
                while True:
                    children.check()
                    time.sleep(1)
            except PlatformError as error:
                raise CommandError(error.message) from error
            except KeyboardInterrupt:
                self.stdout.write("\nStopped.")


def _operator() -> tuple[User, str]:
    existing = User.objects.filter(username="admin").first()
    if existing is not None:
        return existing, "(as printed when it was made)"
    return create_operator(
        "admin",
        "admin@example.com",
        password=None,
        actor=operator_at_console("run"),
        now=now(),
    )
