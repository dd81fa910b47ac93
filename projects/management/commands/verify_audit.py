"""Checks the audit chains."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from projects.selectors import tenant_names
from rbac.audit import PLATFORM, first_broken_link
from rbac.selectors import audit_tenants


class Command(BaseCommand):
    help = "Check every tenant's audit chain; name the first broken link of each."

    def handle(self, *_: Any, **__: Any) -> None:
        names: dict[UUID, str] = {PLATFORM: "platform", **tenant_names()}
        broken = []
        for tenant_uid in audit_tenants():
            name = names.get(tenant_uid, str(tenant_uid))
            link = first_broken_link(tenant_uid)
            if link is None:
                self.stdout.write(f"{name}: intact")
            else:
                broken.append(f"{name}: broken at link {link.sequence}: {link.reason}")
        if broken:
            raise CommandError("\n".join(broken))
