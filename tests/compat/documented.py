"""The examples of Kargo's documentation that are kept in ``steps/``, a file for each kind.

Each says what its page does not: what there is before (``given``), and what the page promises, or
why Kargo itself cannot run it (``then``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILES = sorted((Path(__file__).parent / "steps").glob("*.yaml"))

Document = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """One example, its template exactly as its page has it."""

    kind: str
    title: str
    template: Document
    given: Document
    then: Document

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"

    @property
    def refusal(self) -> Document:
        """The index of the step whose configuration is refused, and why; empty if none is."""
        found: Document = self.then.get("refused", {})
        return found


def examples() -> list[Example]:
    """Return every example, by file and in the order of its file."""
    return [
        Example(path.stem, it["title"], it["example"], it.get("given", {}), it.get("then", {}))
        for path in FILES
        for it in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
