"""Merges templates and arguments the way Kargo does, with its messages.

Kargo differs from Argo Rollouts in what becomes of an argument that two templates declare: only
its value is filled in, the first source stays. Templates that a template includes are ignored.

Source: Kargo ``pkg/rollouts`` flattenTemplates, flattenArgs, mergeArgs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from common.errors import InvalidError
from promotions.engine.analysis.arguments import Argument
from promotions.engine.analysis.rollouts_merging import with_supplied
from promotions.engine.analysis.templates import TemplateSpec
from promotions.engine.goquote import go_quote

_Named = TypeVar("_Named")


def flatten(templates: Sequence[TemplateSpec]) -> TemplateSpec:
    """Return one template that says all that these do.

    Raises:
        InvalidError: Two metrics or rules have the same name, or two arguments of the same
            name different values.
    """
    with told_while("flatten metrics"):
        metrics = _unique(
            (metric for it in templates for metric in it.metrics),
            name=lambda metric: metric.name,
            what="metric name",
        )
    with told_while("flatten dry-run metrics: validate dry-run metrics"):
        dry_run = _unique(
            (rule for it in templates for rule in it.dry_run),
            name=lambda rule: rule,
            what="dry-run metric name",
        )
    with told_while(
        "flatten measurement retention metrics: validate measurement retention metrics"
    ):
        retention = _unique(
            (rule for it in templates for rule in it.measurement_retention),
            name=lambda rule: rule.metric_name,
            what="measurement retention metric name",
        )
    with told_while("flatten arguments"):
        arguments = flatten_arguments([it.arguments for it in templates])
    return TemplateSpec(metrics, arguments, dry_run, retention)


def flatten_arguments(lists: Iterable[Sequence[Argument]]) -> tuple[Argument, ...]:
    """Return all arguments, those of the same name as one.

    Raises:
        InvalidError: Two of the same name have different values.
    """
    combined: dict[str, Argument] = {}
    for argument in (argument for arguments in lists for argument in arguments):
        earlier = combined.get(argument.name)
        combined[argument.name] = argument if earlier is None else update(earlier, argument)
    return tuple(combined.values())


def update(existing: Argument, new: Argument) -> Argument:
    """Return the argument with the value that ``new`` has, if it had none.

    Raises:
        InvalidError: Both have values, and they differ.
    """
    if existing.value is None:
        return replace(existing, value=new.value)
    if new.value is not None and new.value != existing.value:
        raise InvalidError(
            f"conflicting values for argument {go_quote(existing.name)}: "
            f"{go_quote(existing.value)} and {go_quote(new.value)}"
        )
    return existing


def merge_arguments(
    supplied: Iterable[Argument], declared: Iterable[Argument]
) -> tuple[Argument, ...]:
    """Return the declared arguments with what is supplied for them; others are dropped.

    Raises:
        InvalidError: One has neither a value nor a source.
    """
    merged = with_supplied(supplied, declared)
    for argument in merged:
        if argument.value is None and argument.value_from is None:
            raise InvalidError(
                f"validate merged arguments: unresolved argument {go_quote(argument.name)}: "
                "neither Value nor ValueFrom is set"
            )
    return merged


@contextmanager
def told_while(doing: str) -> Iterator[None]:
    """Say in front of an error's message what was being done."""
    try:
        yield
    except InvalidError as error:
        raise InvalidError(f"{doing}: {error}") from error


def _unique(
    items: Iterable[_Named], *, name: Callable[[_Named], str], what: str
) -> tuple[_Named, ...]:
    found: dict[str, _Named] = {}
    for item in items:
        if name(item) in found:
            raise InvalidError(f"duplicate {what}: {go_quote(name(item))}")
        found[name(item)] = item
    return tuple(found.values())
