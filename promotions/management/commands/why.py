"""``manage.py why``: why Freight is not promoted to a Stage, or a promotion does not go on."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.models import Project
from projects.selectors import project_named, tenant_named
from promotions.engine.eligibility import Bars, Reason
from promotions.manifests.metadata import timestamp
from promotions.manifests.reasons import reasons_to
from promotions.selectors.approvals import Subject
from promotions.selectors.eligibility import reasons_why_not
from promotions.selectors.freight import freight_named
from promotions.selectors.promotion_requests import request_named, requests_in
from promotions.selectors.stages import stage_named
from promotions.selectors.timeline import promotion_named
from promotions.selectors.waiting import waiting_for

_FREE = "nothing is in the way"
_BARS = {
    Bars.PROMOTION: "refused",
    Bars.START: "waits",
    Bars.AUTOMATION: "by hand only",
}


class Command(BaseCommand):
    help = "Say why freight is not promoted to a stage now, and who or what changes that."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", default="default")
        parser.add_argument("--project", required=True)
        parser.add_argument("--stage")
        parser.add_argument("--freight", help="the freight's name or alias")
        parser.add_argument(
            "--promotion", help="instead: what this promotion or promotion request waits for"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, **options: Any) -> None:
        is_pair = bool(options["stage"] and options["freight"])
        if bool(options["promotion"]) == is_pair:
            raise CommandError("Give --stage and --freight, or --promotion.")
        try:
            project = project_named(tenant_named(options["tenant"]), options["project"])
            found, otherwise = self._found(project, options)
        except PlatformError as error:
            raise CommandError(error.message) from error
        self._show(found, otherwise=otherwise, as_json=options["json"])

    def _found(self, project: Project, options: dict[str, Any]) -> tuple[tuple[Reason, ...], str]:
        """Return what is in the way, and what to say if nothing is."""
        if options["promotion"]:
            subject = _subject(project, options["promotion"])
            return waiting_for(subject, now=now()), _ending(subject)
        stage = stage_named(project, options["stage"])
        found = reasons_why_not(stage, freight_named(project, options["freight"]), now=now())
        return found, _FREE

    def _show(self, reasons: Iterable[Reason], *, otherwise: str, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(reasons_to(reasons), indent=2))
            return
        for it in reasons:
            at = f" (at {timestamp(it.lifts_at)})" if it.lifts_at else ""
            self.stdout.write(f"{_BARS[it.bars]:12} {it.message}{at}")
            self.stdout.write(f"{'':12} lifted by: {it.lifted_by}")
        if not reasons:
            self.stdout.write(otherwise)


def _ending(subject: Subject) -> str:
    """Return how it ended; what has not, and waits for nothing, goes on."""
    if not subject.is_terminal:
        return _FREE
    because = f": {subject.message}" if subject.message else ""
    return f"it has ended as {subject.phase}{because}"


def _subject(project: Project, name: str) -> Subject:
    if requests_in(project).filter(name=name).exists():
        return request_named(project, name)
    return promotion_named(project, name)
