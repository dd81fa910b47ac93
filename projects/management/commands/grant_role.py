"""Gives somebody a role from the command line."""

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.models.tenant import DEFAULT_TENANT
from projects.selectors import project_named, tenant_named
from rbac.actors import operator_at_console
from rbac.selectors import user_named
from rbac.services import grant_role


class Command(BaseCommand):
    help = "Give a user a role in one project, or (without --project) a system role of a tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", help="kargo-viewer, kargo-promoter, kargo-admin, …")
        parser.add_argument("--tenant", default=DEFAULT_TENANT)
        parser.add_argument("--project", default="")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            tenant = tenant_named(options["tenant"])
            project = project_named(tenant, options["project"]) if options["project"] else None
            membership = grant_role(
                user_named(options["username"]),
                role=options["role"],
                tenant_uid=tenant.uid,
                project_uid=project.uid if project else None,
                actor=operator_at_console(getpass.getuser()),
                now=now(),
            )
        except PlatformError as error:
            raise CommandError(error.message) from error
        where = f"project {project.name}" if project else f"tenant {tenant.name}"
        self.stdout.write(f"{options['username']} holds {membership.role} in {where}")
