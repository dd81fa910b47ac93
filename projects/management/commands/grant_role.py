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
from rbac.models import RoleName
from rbac.selectors import user_named
from rbac.services import grant_role


class Command(BaseCommand):
    help = "Give a user a role in one project, or (without --project) in a whole tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=[role.value for role in RoleName])
        parser.add_argument("--tenant", default=DEFAULT_TENANT)
        parser.add_argument("--project", default="")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            tenant = tenant_named(options["tenant"])
            project = project_named(tenant, options["project"]) if options["project"] else None
            binding = grant_role(
                user_named(options["username"]),
                role=RoleName(options["role"]),
                tenant_uid=tenant.uid,
                project_uid=project.uid if project else None,
                actor=operator_at_console(getpass.getuser()),
                now=now(),
            )
        except PlatformError as error:
            raise CommandError(error.message) from error
        where = f"project {project.name}" if project else f"tenant {tenant.name}"
        self.stdout.write(f"{options['username']} holds {binding.role} in {where}")
