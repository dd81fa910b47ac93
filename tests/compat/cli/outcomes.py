"""What a command came to: what it printed, what went wrong, and the code that it exits with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.compat.cli.session import CliError

KARGO = "kargo.akuity.io"


@dataclass(slots=True)
class Outcome:
    """Lines on the two outputs; successes come first, whatever the order of what happened."""

    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    objects: list[Any] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 1 if self.errors else 0

    def show(self, document: dict[str, Any], operation: str = "") -> None:
        """Print an object of an answer, as ``<kind>.<group>/<name> <operation>``.

        Without a kind nothing is printed, and nobody is told.
        """
        group = str(document.get("apiVersion", "")).rpartition("/")[0]
        self.objects.append(document)
        if kind := document.get("kind"):
            self.name(kind, group, document.get("metadata", {}).get("name", ""), operation)

    def name(self, kind: str, group: str, name: str, operation: str) -> None:
        """Print what an object is called."""
        noun = f"{kind.lower()}.{group}" if group else kind.lower()
        self.lines.append(f"{noun}/{name or '<unknown>'} {operation}".rstrip())

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Note what is refused, and let the command go on with the next name."""
        try:
            yield
        except CliError as error:
            self.errors.append(str(error))
