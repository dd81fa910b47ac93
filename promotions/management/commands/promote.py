"""``manage.py promote``: promote Freight into a Stage, or try it first."""

import getpass
import json
import os
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.selectors import project_named, tenant_named
from promotions import wiring
from promotions.models import Freight, Stage
from promotions.selectors.freight import freight_named
from promotions.selectors.stages import stage_named
from promotions.services.preview_run import try_promotion
from promotions.services.promote import promote
from promotions.services.promotions import planned_promotion
from rbac.actors import operator_at_console


class Command(BaseCommand):
    help = "Promote freight into a stage. With --dry-run, show what that would change instead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project")
        parser.add_argument("stage")
        parser.add_argument("freight", help="the freight's name or alias")
        parser.add_argument("--tenant", default="default")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="run it up to its first effect on the outside, in a throwaway work directory, "
            "and show the differences and the effects it would have had",
        )
        parser.add_argument("--target", default="", help="with --dry-run: to which target")
        parser.add_argument("--json", action="store_true", help="print the preview as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        actor = operator_at_console(_username())
        try:
            project = project_named(tenant_named(options["tenant"]), options["project"])
            stage = stage_named(project, options["stage"])
            freight = freight_named(project, options["freight"])
            if options["dry_run"]:
                tried = self._tried(stage, freight, target=options["target"])
                self._show(tried, as_json=options["json"])
                return
            if options["target"]:
                raise CommandError("--target is only for --dry-run; all targets are promoted to.")
            promotion = promote(stage, freight, actor=actor, now=now())
        except PlatformError as error:
            raise CommandError(error.message) from error
        kind = type(promotion).__name__.lower()
        self.stdout.write(f"{kind}.kargo.akuity.io/{promotion.name} created")

    def _tried(self, stage: Stage, freight: Freight, *, target: str) -> dict[str, Any]:
        actor = operator_at_console(_username())
        promotion = planned_promotion(stage, freight, actor=actor, now=now(), target=target)
        with TemporaryDirectory(prefix="kargo-") as folder:
            workdir = Path(folder).resolve() / "w"
            workdir.mkdir(mode=0o700)
            return try_promotion(promotion, ports=wiring.preview_ports(), workdir=workdir)

    def _show(self, document: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(document, indent=2))
            return
        for step in document["steps"]:
            said = f": {step['message']}" if step["message"] else ""
            self.stdout.write(f"{step['outcome']:8} {step['alias']} ({step['kind']}){said}")
        for tree in document["changes"]:
            self.stdout.write(f"\n# {tree['path']} ({tree['url']} {tree['branch']})")
            self.stdout.write(tree["patch"] or "no changes")
        for change in document["manifests"]:
            self.stdout.write(f"\n# {change['resource']} {change['change']}\n{change['patch']}")
        self.stdout.write("")
        for effect in document["effects"]:
            self.stdout.write(f"would {effect}")
        if document["phase"] != "Running":
            self.stdout.write(f"would end {document['phase']} {document['message']}".rstrip())


def _username() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
