"""Says whether what a page reads is there in the form that it needs."""

import re
from typing import Any

_MISSING = object()
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read(document: Any, path: str) -> Any:
    """Return what is at a dotted path, failing with the path if nothing is.

    A segment is a key, or an index of a list; keys that have dots are separated by ``|`` instead.
    """
    separator = "|" if "|" in path else "."
    found: Any = document
    for segment in path.split(separator):
        if isinstance(found, list):
            found = found[int(segment)] if int(segment) < len(found) else _MISSING
        else:
            found = found.get(segment, _MISSING)
        assert found is not _MISSING, f"the page reads {path}, and there is no {segment}"
    return found


def assert_texts(document: Any, *paths: str) -> None:
    """Fail unless each of these is text, and not empty."""
    for path in paths:
        value = read(document, path)
        assert isinstance(value, str), (path, value)
        assert value, path


def assert_lists(document: Any, *paths: str) -> None:
    """Fail unless each of these is a list: pages map over them without asking."""
    for path in paths:
        assert isinstance(read(document, path), list), path


def assert_times(document: Any, *paths: str) -> None:
    """Fail unless each is a time that ``new Date`` takes, of the kind that all of Kargo writes."""
    for path in paths:
        assert _TIME.fullmatch(read(document, path)), path


def named(listed: Any, name: str) -> Any:
    """Return the item of that name."""
    return next(it for it in listed["items"] if it["metadata"]["name"] == name)


def condition(document: Any, kind: str) -> dict[str, Any]:
    """Return a condition by its type, or nothing of one."""
    conditions = document.get("status", {}).get("conditions", [])
    return next((it for it in conditions if it["type"] == kind), {})
