"""Selectors of objects by labels, and of Stages by name pattern and labels."""

from collections.abc import Iterator

from pydantic import Field

from common.errors import FieldProblem, InvalidError
from promotions.engine.selection.labels import parse_label_selector
from promotions.engine.selection.patterns import matches_name
from promotions.manifests.schema import Model, Strings, as_json

_PATTERNS = ("glob", "regex", "regexp")


class Requirement(Model):
    """A label, an operator and, for some operators, values."""

    key: str
    operator: str
    values: list[str] | None = None


class LabelSelector(Model):
    """Labels that must all match; an empty selector matches everything."""

    match_labels: Strings | None = None
    match_expressions: list[Requirement] | None = None


class NameSelector(LabelSelector):
    """A name, or a pattern of names after ``glob:``, ``regex:`` or ``regexp:``, and labels."""

    name: str | None = Field(default=None)


def selector_problems(selector: LabelSelector, *, path: str) -> Iterator[FieldProblem]:
    """Yield what is wrong with a selector's label requirements and name pattern."""
    try:
        parse_label_selector(as_json(selector))
    except InvalidError as error:
        yield FieldProblem(f"{path}.matchExpressions", error.message)
    if isinstance(selector, NameSelector) and selector.name:
        yield from _name_problems(selector.name, path=f"{path}.name")


def exact_name(selector: NameSelector) -> str:
    """Return the one name that the selector means, or the empty string for a pattern."""
    name = selector.name or ""
    return "" if ":" in name else name


def _name_problems(name: str, *, path: str) -> Iterator[FieldProblem]:
    identifier, colon, _ = name.partition(":")
    if colon and identifier not in _PATTERNS:
        known = ", ".join(f'"{it}:"' for it in _PATTERNS)
        reason = f'invalid pattern identifier "{identifier}"; use {known} or a plain name'
        yield FieldProblem(path, reason)
        return
    try:
        matches_name(name, "")
    except InvalidError as error:
        yield FieldProblem(path, error.message)
