"""``manage.py apply``: create or update what manifests describe."""

import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import now
from common.errors import PlatformError
from projects.selectors import tenant_named
from promotions.manifests.documents import MAX_BYTES, Document, read_documents
from promotions.services.apply import Action, Applied, ApplyReport, apply_documents
from rbac.actors import operator_at_console

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Create or update what Kargo manifests describe: all of them, or none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "-f",
            "--filename",
            action="append",
            required=True,
            metavar="FILE|DIR|-",
            help="YAML or JSON; a directory is searched for *.yaml, *.yml and *.json; - is stdin",
        )
        parser.add_argument("--tenant", default="default")
        parser.add_argument(
            "-n", "--namespace", default="", help="the project of documents that name none"
        )
        parser.add_argument("--dry-run", action="store_true", help="try it and store nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        documents = self._read(options["filename"])
        try:
            report = apply_documents(
                documents,
                tenant=tenant_named(options["tenant"]),
                actor=operator_at_console(_username()),
                now=now(),
                dry_run=options["dry_run"],
                namespace=options["namespace"],
            )
        except PlatformError as error:
            raise CommandError(error.message) from error
        self._print(report, dry_run=options["dry_run"])

    def _read(self, names: list[str]) -> list[Document]:
        documents: list[Document] = []
        problems: list[str] = []
        for source, raw in _sources(names, self.stdin()):
            try:
                documents += read_documents(raw, source=source)
            except PlatformError as error:
                problems.append(error.message)
        if problems:
            self._fail(problems)
        if not documents:
            raise CommandError("There is nothing to apply: no documents were found.")
        return documents

    def _print(self, report: ApplyReport, *, dry_run: bool) -> None:
        for item in report.items:
            for warning in item.warnings:
                self.stderr.write(f"Warning: {item.document.where}: {warning}")
        if report.failed:
            self._fail([line for item in report.failed for line in _errors(item)])
        suffix = " (dry run)" if dry_run else ""
        for item in report.items:
            if item.action is not Action.SKIPPED:
                self.stdout.write(f"{item.label} {item.action.value}{suffix}")

    def _fail(self, problems: list[str]) -> None:
        for problem in problems:
            self.stderr.write(f"Error: {problem}")
        count = len(problems)
        raise CommandError(f"{count} error{'s' if count > 1 else ''}; nothing was applied.")

    @staticmethod
    def stdin() -> Any:
        """Return standard input, as bytes."""
        return sys.stdin.buffer


def _sources(names: list[str], stdin: Any) -> Iterator[tuple[str, bytes]]:
    for name in names:
        if name == "-":
            yield "stdin", stdin.read(MAX_BYTES + 1)
            continue
        path = Path(name)
        if not path.exists():
            raise CommandError(f'There is no file or directory "{name}".')
        for file in _files(path):
            with file.open("rb") as opened:
                yield str(file), opened.read(MAX_BYTES + 1)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = (it for it in path.rglob("*") if it.suffix in _SUFFIXES and it.is_file())
    return sorted(found)


def _errors(item: Applied) -> list[str]:
    label = item.label
    return [f"{item.document.where}: {label}: {problem}" for problem in item.problems]


def _username() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
