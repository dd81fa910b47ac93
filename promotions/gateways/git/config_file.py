"""Writes and reads the Git configuration of our own clones, without starting Git.

It reads back only what it wrote: one quoted value per line, no continuation, no comment.
"""

import re
from collections.abc import Mapping

Sections = Mapping[str, Mapping[str, str]]
"""Values by key, by section; a subsection is written ``remote "origin"``."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SECTION = re.compile(r"\[([^\]]+)\]")
_VALUE = re.compile(r'\t(\w+) = "(.*)"')
_ESCAPED = re.compile(r"\\(.)")


def render(sections: Sections) -> str:
    """Return the text of a configuration file; control characters in values are dropped."""
    lines: list[str] = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"\t{key} = {_quoted(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def read(text: str) -> Sections:
    """Return what :func:`render` was given; lines that it did not write are passed over."""
    found: dict[str, dict[str, str]] = {}
    section = ""
    for line in text.splitlines():
        if (header := _SECTION.fullmatch(line)) is not None:
            section = header[1]
        elif (pair := _VALUE.fullmatch(line)) is not None:
            found.setdefault(section, {})[pair[1]] = _ESCAPED.sub(r"\1", pair[2])
    return found


def _quoted(value: str) -> str:
    clean = _UNPRINTABLE.sub("", value)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'
