"""Merges templates and arguments the way Argo Rollouts does, with its messages.

Source: Argo Rollouts ``utils/analysis`` FlattenTemplates, MergeArgs, NewAnalysisRunFromTemplates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from common.errors import ConflictError, InvalidError
from promotions.engine.analysis.arguments import Argument
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.runs import RunSpec
from promotions.engine.analysis.templates import TemplateSpec


def new_run(
    templates: Sequence[TemplateSpec],
    arguments: Sequence[Argument] = (),
    *,
    dry_run: Sequence[str] = (),
    measurement_retention: Sequence[RetentionRule] = (),
) -> RunSpec:
    """Return the run that the templates make with these arguments and further rules.

    Args:
        templates: The project's, then the tenant's.
        arguments: What is supplied; names that no template has are dropped.
        dry_run: Rules that come before those of the templates.
        measurement_retention: The same.

    Raises:
        ConflictError: Two things have the same name.
        InvalidError: An argument has neither a value nor a source.
    """
    template = flatten(templates)
    merged = merge_arguments(arguments, template.arguments)
    return RunSpec(
        metrics=template.metrics,
        arguments=merged,
        dry_run=_unique_dry_run((*dry_run, *template.dry_run)),
        measurement_retention=_unique_retention(
            (*measurement_retention, *template.measurement_retention)
        ),
    )


def flatten(templates: Sequence[TemplateSpec]) -> TemplateSpec:
    """Return one template that says all that these do; what they include is not looked at.

    Raises:
        ConflictError: Two metrics or rules have the same name, or two arguments of the same
            name different values.
    """
    return TemplateSpec(
        metrics=_unique_metrics(metric for it in templates for metric in it.metrics),
        dry_run=_unique_dry_run(rule for it in templates for rule in it.dry_run),
        measurement_retention=_unique_retention(
            rule for it in templates for rule in it.measurement_retention
        ),
        arguments=_flatten_arguments(templates),
    )


def merge_arguments(
    supplied: Iterable[Argument], declared: Iterable[Argument]
) -> tuple[Argument, ...]:
    """Return the declared arguments with what is supplied for them.

    Raises:
        InvalidError: One has neither a value nor a source.
    """
    merged = with_supplied(supplied, declared)
    for argument in merged:
        if argument.value is None and argument.value_from is None:
            raise InvalidError(f"args.{argument.name} was not resolved")
    return merged


def with_supplied(
    supplied: Iterable[Argument], declared: Iterable[Argument]
) -> tuple[Argument, ...]:
    """Return the declared arguments, each with the value, or else the source, supplied for it."""
    merged = list(declared)
    places = {argument.name: place for place, argument in reversed(list(enumerate(merged)))}
    for argument in supplied:
        place = places.get(argument.name)
        if place is None:
            continue
        if argument.value is not None:
            merged[place] = replace(merged[place], value=argument.value)
        elif argument.value_from is not None:
            merged[place] = replace(merged[place], value_from=argument.value_from)
    return tuple(merged)


def _flatten_arguments(templates: Iterable[TemplateSpec]) -> tuple[Argument, ...]:
    """Keep the first with a value of each name, in the place where the name came first."""
    combined: dict[str, Argument] = {}
    for argument in (argument for it in templates for argument in it.arguments):
        earlier = combined.get(argument.name)
        if earlier is None or earlier.value is None:
            combined[argument.name] = argument
        elif argument.value is not None and argument.value != earlier.value:
            raise ConflictError(
                f"Argument `{argument.name}` specified multiple times with different values: "
                f"'{earlier.value}', '{argument.value}'"
            )
    return tuple(combined.values())


def _unique_metrics(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    found: dict[str, Metric] = {}
    for metric in metrics:
        if metric.name in found:
            raise ConflictError(f"two metrics have the same name '{metric.name}'")
        found[metric.name] = metric
    return tuple(found.values())


def _unique_dry_run(rules: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for rule in rules:
        if rule in found:
            raise ConflictError(f"two Dry-Run metric rules have the same name '{rule}'")
        found[rule] = None
    return tuple(found)


def _unique_retention(rules: Iterable[RetentionRule]) -> tuple[RetentionRule, ...]:
    found: dict[str, RetentionRule] = {}
    for rule in rules:
        if rule.metric_name in found:
            name = rule.metric_name
            raise ConflictError(
                f"two Measurement Retention metric rules have the same name '{name}'"
            )
        found[rule.metric_name] = rule
    return tuple(found.values())
