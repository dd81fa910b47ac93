"""``manage.py approvals``: which promotions of a project wait for approval, and whose."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.selectors import project_named, tenant_named
from promotions.manifests.approvals import pending_to
from promotions.selectors.approvals import Pending, pending_approvals
from promotions.selectors.stages import stage_named


class Command(BaseCommand):
    help = (
        "List the promotions that need approval and have not started, with what is missing. "
        "People approve them in the portal or through the API, never at the console."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", default="default")
        parser.add_argument("--project", required=True)
        parser.add_argument("--stage", help="only what goes to this stage")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            project = project_named(tenant_named(options["tenant"]), options["project"])
            stage = stage_named(project, options["stage"]) if options["stage"] else None
        except PlatformError as error:
            raise CommandError(error.message) from error
        found = pending_approvals(project, stage=stage, now=now())
        if options["json"]:
            self.stdout.write(json.dumps([_document(it) for it in found], indent=2))
            return
        for it in found:
            self._show(it)
        if not found:
            self.stdout.write("nothing waits for approval")

    def _show(self, pending: Pending) -> None:
        standing, subject = pending.standing, pending.subject
        counted = f"{standing.given} of {standing.needed}"
        self.stdout.write(f"{counted:8} {subject.name} ({subject.freight.alias})")
        document = _document(pending)
        self.stdout.write(f"{'':8} approvers: {document['approvers']}")
        if document["missing"]:
            self.stdout.write(f"{'':8} missing: {', '.join(document['missing'])}")
        for answer in document["responses"]:
            self.stdout.write(f"{'':8} {answer['time']} {answer['user']}: {answer['action']}")


def _document(pending: Pending) -> dict[str, Any]:
    return pending_to(pending.subject, pending.policy, pending.standing, pending.answers)
