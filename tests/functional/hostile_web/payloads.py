"""A text that would like to run wherever it is put: in markup, an attribute, a script, a link."""

from collections.abc import Set as AbstractSet
from typing import Any

PAYLOAD = (
    "javascript:alert(1)//'\"></textarea></script></style></title>"
    "<img src=//evil.example/p onerror=alert(1)><svg onload=alert(1)>{{7*7}}{%now 'Y'%}"
)
IN_PAGE = """
() => [...document.querySelectorAll(
  "[onerror], [onload], img[src*='evil'], [href*='javascript:' i], [src*='javascript:' i]," +
  "[action*='javascript:' i], [style*='javascript' i]"
)].map((it) => it.outerHTML.slice(0, 200)).concat(
  [...document.scripts]
    .filter((it) => !it.src && it.type !== "application/json")
    .map((it) => it.outerHTML.slice(0, 200))
)
"""
"""What of the payload has become part of a page, rather than text on it; and inline scripts."""


def planted(value: Any, *, beside: AbstractSet[str] = frozenset()) -> Any:
    """Return a JSON value with the payload at the end of every text, but for those of some keys."""
    if isinstance(value, str):
        return f"{value}{PAYLOAD}"
    if isinstance(value, list):
        return [planted(it, beside=beside) for it in value]
    if isinstance(value, dict):
        return {k: it if k in beside else planted(it, beside=beside) for k, it in value.items()}
    return value
