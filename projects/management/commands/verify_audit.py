"""Checks the audit chains."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson
from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from projects.selectors import tenant_names
from rbac.audit import PLATFORM, BrokenLink, first_broken_link
from rbac.audit.anchors import anchors_in, check_export, checkpoint_now
from rbac.audit.documents import checkpoint_document
from rbac.audit.verification import broken_promise
from rbac.models import AuditCheckpoint
from rbac.selectors import audit_tenants


class Command(BaseCommand):
    help = (
        "Check every tenant's audit chain; name the first broken link of each. "
        "Exits with 1 if one is broken."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="only this tenant's chain: a name, a uid, or platform")
        parser.add_argument(
            "--anchor",
            metavar="FILE",
            help="check the chains against what --write-anchor wrote and was kept elsewhere",
        )
        parser.add_argument(
            "--write-anchor",
            metavar="FILE|-",
            help="write how long each intact chain is and where it ends, signed; - is stdout",
        )
        parser.add_argument(
            "--file",
            metavar="FILE|-",
            help="check what export_audit wrote instead of the database; - is stdin",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        self.names = {PLATFORM: "platform", **tenant_names()}
        try:
            anchors = _anchors(options["anchor"])
            only = self._tenant(options["tenant"])
            if options["file"]:
                broken = self._check_file(options["file"], only, anchors)
            else:
                broken = self._check_chains(only, anchors, write_to=options["write_anchor"])
        except PlatformError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        if broken:
            raise CommandError("\n".join(map(self._words, broken)))

    def _check_chains(
        self, only: UUID | None, anchors: dict[UUID, list[AuditCheckpoint]], *, write_to: str | None
    ) -> list[BrokenLink]:
        broken, intact = [], []
        for tenant_uid in [only] if only else sorted({*audit_tenants(), *anchors}):
            link = first_broken_link(tenant_uid) or _broken_promise(anchors.get(tenant_uid, []))
            if link is None:
                intact.append(tenant_uid)
                shown = self.stderr if write_to == "-" else self.stdout
                shown.write(f"{self._name(tenant_uid)}: intact", self.style.SUCCESS)
            else:
                broken.append(link)
        if write_to:
            _write_anchors(intact, write_to)
        return broken

    def _check_file(
        self, path: str, only: UUID | None, anchors: dict[UUID, list[AuditCheckpoint]]
    ) -> list[BrokenLink]:
        with _reading(path) as lines:
            findings = check_export(lines, anchors=anchors, only=only)
        broken = []
        for finding in findings:
            if finding.broken is not None:
                broken.append(finding.broken)
                continue
            span = f"links {finding.first} to {finding.last}" if finding.last else "no link"
            self.stdout.write(f"{self._name(finding.tenant_uid)}: intact, {span}")
        return broken

    def _tenant(self, text: str | None) -> UUID | None:
        if not text:
            return None
        for tenant_uid, name in self.names.items():
            if text in {name, str(tenant_uid)}:
                return tenant_uid
        try:
            return UUID(text)
        except ValueError as error:
            message = f'There is no tenant "{text}"; give the uid of one that was deleted.'
            raise CommandError(message) from error

    def _name(self, tenant_uid: UUID) -> str:
        return self.names.get(tenant_uid, str(tenant_uid))

    def _words(self, link: BrokenLink) -> str:
        return f"{self._name(link.tenant_uid)}: broken at link {link.sequence}: {link.reason}"


def _anchors(path: str | None) -> dict[UUID, list[AuditCheckpoint]]:
    if not path:
        return {}
    with _reading(path) as lines:
        return anchors_in(lines)


def _broken_promise(anchors: list[AuditCheckpoint]) -> BrokenLink | None:
    return next((broken for it in anchors if (broken := broken_promise(it))), None)


def _write_anchors(tenants: list[UUID], path: str) -> None:
    kept = [it for tenant_uid in tenants if (it := checkpoint_now(tenant_uid, at=now()))]
    text = b"".join(orjson.dumps(checkpoint_document(it)) + b"\n" for it in kept)
    if path == "-":
        sys.stdout.write(text.decode())
    else:
        Path(path).write_bytes(text)


@contextmanager
def _reading(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as file:
        yield file
