"""Writes the audit as JSON Lines."""

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from projects.selectors import tenant_names
from rbac.audit import PLATFORM
from rbac.audit.documents import event_line
from rbac.selectors.audit import AuditFilter, audit_events, audit_tenants, in_sequence, stretch_of


class Command(BaseCommand):
    help = (
        "Write the audit as JSON Lines, one event a line, chain by chain and oldest first; "
        "verify_audit --file checks it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", help="only this tenant's chain: a name, a uid, or platform")
        parser.add_argument("--since", help="from this time on: 2026-06-01 or 2026-06-01T12:00:00Z")
        parser.add_argument("--until", help="up to this time; a date alone means its beginning")
        parser.add_argument("--output", default="-", metavar="FILE|-", help="- is stdout")

    def handle(self, *_: Any, **options: Any) -> None:
        since, until = _time(options["since"]), _time(options["until"])
        tenants = _tenants(options["tenant"])
        count = 0
        try:
            with self._writing(options["output"]) as file:
                for tenant_uid in tenants:
                    after, to = stretch_of(tenant_uid, since=since, until=until)
                    rows = audit_events(AuditFilter(tenant_uid=tenant_uid))
                    for event in in_sequence(rows, after=after, to=to):
                        file.write(event_line(event))
                        count += 1
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.stderr.write(f"{count} events of {len(tenants)} chains")

    @contextmanager
    def _writing(self, path: str) -> Iterator[BinaryIO]:
        """Yield where to write; a new file is for its owner alone."""
        if path == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file


def _tenants(text: str | None) -> list[UUID]:
    if not text:
        return audit_tenants()
    for tenant_uid, name in {PLATFORM: "platform", **tenant_names()}.items():
        if text in {name, str(tenant_uid)}:
            return [tenant_uid]
    try:
        return [UUID(text)]
    except ValueError as error:
        message = f'There is no tenant "{text}"; give the uid of one that was deleted.'
        raise CommandError(message) from error


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        message = f'"{text}" is no time; write 2026-06-01 or 2026-06-01T12:00:00Z.'
        raise CommandError(message) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
