"""Is what an example left behind what its page promises?"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

PATTERN = "~"
"""What a text that is a regular expression begins with."""


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Return what is not as expected, and where; maps may have more keys than are expected."""
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping):
            return [f"{path}: {found!r} is no map"]
        return [
            difference
            for key, value in expected.items()
            for difference in differences(value, found.get(key), f"{path}.{key}")
        ]
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(found, Sequence) or isinstance(found, str) or len(found) != len(expected):
            return [f"{path}: {found!r}, not {expected!r}"]
        return [
            difference
            for index, (one, other) in enumerate(zip(expected, found, strict=True))
            for difference in differences(one, other, f"{path}[{index}]")
        ]
    return [] if _fits(expected, found) else [f"{path}: {found!r}, not {expected!r}"]


def _fits(expected: Any, found: Any) -> bool:
    if isinstance(expected, str) and expected.startswith(PATTERN):
        return re.fullmatch(expected.removeprefix(PATTERN), str(found)) is not None
    return type(expected) is type(found) and bool(expected == found)
