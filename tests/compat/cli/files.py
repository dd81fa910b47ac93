"""Manifests as the command line sends them: read, ``List`` kinds taken apart, written anew.

One request has all files' documents, as YAML with four blanks of indentation and sorted keys.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_STEP = 4


def read_manifests(paths: list[str], *, is_recursive: bool = False) -> str:
    """Return the text that is sent for files and folders, in their order."""
    found = [file for path in paths for file in _files(Path(path), is_recursive)]
    documents = [it for file in found for it in yaml.safe_load_all(file.read_text())]
    return written(*documents)


def written(*documents: Any) -> str:
    """Return documents as they are sent."""
    flat = [part for it in documents if it is not None for part in _flattened(it)]
    return "---\n".join("".join(f"{line}\n" for line in _mapping(it, "", "")) for it in flat)


def _files(path: Path, is_recursive: bool) -> Iterator[Path]:  # noqa: FBT001 - of this module alone
    if path.is_file():
        yield path
        return
    found = path.rglob("*") if is_recursive else path.glob("*")
    yield from sorted(it for it in found if it.suffix in {".json", ".yaml", ".yml"})


def _flattened(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not str(document.get("kind", "")).endswith("List"):
        yield document
        return
    for item in document.get("items") or ():
        yield from _flattened(item)


def _mapping(value: dict[str, Any], first: str, pad: str) -> Iterator[str]:
    """Yield a mapping's lines; ``first`` goes before the first key, ``pad`` before the others.

    What is below a key stands four blanks right of where the mapping, or its dash, begins.
    """
    below = " " * (len(first or pad) - (2 if first else 0) + _STEP)
    for index, key in enumerate(sorted(value)):
        head = f"{first if first and not index else pad}{_scalar(key, below)}:"
        yield from _entry(head, value[key], below)


def _entry(head: str, value: Any, below: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _mapping(value, "", below)
    elif isinstance(value, list) and value:
        yield head
        yield from _sequence(value, below)
    else:
        yield f"{head} {_scalar(value, below)}"


def _sequence(values: list[Any], pad: str) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict) and value:
            yield from _mapping(value, f"{pad}- ", f"{pad}  ")
        elif isinstance(value, list) and value:
            yield f"{pad}-"
            yield from _sequence(value, f"{pad}  ")
        else:
            yield f"{pad}- {_scalar(value, f'{pad}  ')}"


def _scalar(value: Any, pad: str) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    text = value.removesuffix("\n")
    if "\n" in value and text == text.strip():
        style = "|-" if text == value else "|"
        return "\n".join([style, *(f"{pad}{line}" if line else "" for line in text.split("\n"))])
    return value if _is_plain(value) else json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    try:
        return bool(text) and yaml.safe_load(f"- {text}\n") == [text] and "#" not in text
    except yaml.YAMLError:
        return False
