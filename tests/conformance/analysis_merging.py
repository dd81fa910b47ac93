"""Runs the analysis cases about arguments, rules, templates and Kargo's way of making runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.errors import InvalidError
from promotions.engine.analysis import kargo_merging, rollouts_merging
from promotions.engine.analysis.arguments import Argument, write_argument
from promotions.engine.analysis.field_paths import field_at
from promotions.engine.analysis.kargo_runs import (
    build_arguments,
    build_spec,
    run_name,
)
from promotions.engine.analysis.metrics import write_metric
from promotions.engine.analysis.nesting import unique_names
from promotions.engine.analysis.rules import RetentionRule, dry_run_metrics, retained_metrics
from promotions.engine.analysis.runs import RunSpec
from promotions.engine.analysis.secret_arguments import resolve_secrets
from promotions.engine.analysis.substitution import (
    resolve_arguments,
    resolve_metric,
    resolve_quoted_arguments,
)
from promotions.engine.analysis.templates import TemplateSpec
from promotions.engine.expressions.verification_arguments import argument_values
from promotions.engine.inflation import Variable
from tests.conformance.analysis_inputs import (
    Document,
    arguments_of,
    metric_of,
    retention_of,
    rule_names,
    templates_of,
)

_ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def run_resolve_args(case: Document) -> Document:
    return {"value": resolve_arguments(case["template"], arguments_of(case.get("args")))}


def run_resolve_quoted_args(case: Document) -> Document:
    return {"value": resolve_quoted_arguments(case["template"], arguments_of(case.get("args")))}


def run_resolve_metric_args(case: Document) -> Document:
    metric = resolve_metric(metric_of(case["metric"]), arguments_of(case.get("args")))
    return {"metric": write_metric(metric)}


def run_resolve_secret_args(case: Document) -> Document:
    secrets = case.get("secrets") or {}
    resolved = resolve_secrets(arguments_of(case.get("args")), secrets=secrets.get)
    return {
        "value": resolve_arguments(case["template"], resolved.arguments),
        "secrets": sorted(resolved.values),
    }


def run_field_path(case: Document) -> Document:
    return {"value": field_at(case["object"], case["path"])}


def run_dry_run_rules(case: Document) -> Document:
    matched = dry_run_metrics(rule_names(case["rules"]), case["metrics"])
    return {"matched": [name for name in case["metrics"] if name in matched]}


def run_retention_rules(case: Document) -> Document:
    matched = retained_metrics(retention_of(case["rules"]), case["metrics"])
    return {
        "matched": [name for name in case["metrics"] if name in matched],
        "limits": {name: rule.limit for name, rule in matched.items()},
    }


def run_unique_templates(case: Document) -> Document:
    return {kind: unique_names(names or ()) for kind, names in case.items()}


def run_flatten_templates(case: Document) -> Document:
    documents = [*(case.get("templates") or ()), *(case.get("clusterTemplates") or ())]
    return _template(rollouts_merging.flatten(templates_of(documents)), documents)


def run_merge_args(case: Document) -> Document:
    merged = rollouts_merging.merge_arguments(
        arguments_of(case.get("incoming")), arguments_of(case.get("template"))
    )
    return {"args": None if case.get("template") is None else _arguments(merged)}


def run_new_run(case: Document) -> Document:
    documents = [*(case.get("templates") or ()), *(case.get("clusterTemplates") or ())]
    spec = rollouts_merging.new_run(
        templates_of(documents),
        arguments_of(case.get("args")),
        dry_run=rule_names(case.get("dryRun")),
        measurement_retention=retention_of(case.get("measurementRetention")),
    )
    return {
        **_template(spec, [case, *documents]),
        "labels": case.get("labels"),
        "annotations": case.get("annotations"),
    }


def run_kargo_flatten(case: Document) -> Document:
    documents = case.get("specs") or []
    return _template(kargo_merging.flatten(templates_of(documents)), documents)


def run_kargo_merge_args(case: Document) -> Document:
    merged = kargo_merging.merge_arguments(
        arguments_of(case.get("incoming")), arguments_of(case.get("template"))
    )
    return {"args": _arguments(merged)}


def run_kargo_flatten_args(case: Document) -> Document:
    return {
        "args": _arguments(kargo_merging.flatten_arguments(map(arguments_of, case["argLists"])))
    }


def run_kargo_update_arg(case: Document) -> Document:
    existing, new = arguments_of([case["existing"], case["new"]])
    try:
        return {"arg": write_argument(kargo_merging.update(existing, new))}
    except InvalidError as error:
        return {"arg": write_argument(existing), "error": str(error)}


def run_kargo_build_args(case: Document) -> Document:
    built = build_arguments(arguments_of(case.get("templateArgs")), _values(case))
    return {"args": _arguments(built)}


def run_kargo_build_spec(case: Document) -> Document:
    documents = case.get("specs") or []
    return _template(build_spec(templates_of(documents), _values(case)), documents)


def run_kargo_run_name(case: Document) -> Document:
    prefix = case.get("prefix", "p" * case.get("prefixLength", 0))
    suffix = case.get("suffix", "s" * case.get("suffixLength", 0))
    name = run_name(prefix, _ULID, suffix)
    parts = name.split(".")
    return {
        "segments": len(parts),
        "ulidLength": len(parts[1 if prefix else 0]),
        "lowercase": name == name.lower(),
        "separator": ".",
        "prefixLength": len(parts[0]) if prefix else 0,
        "suffixLength": len(parts[-1]) if suffix else 0,
        "length": len(name),
    }


def _values(case: Document) -> dict[str, str | None]:
    variables = _variables(case.get("vars"))
    return argument_values(case.get("env") or {}, _variables(case.get("args")), variables=variables)


def _variables(documents: Sequence[Document] | None) -> list[Variable]:
    return [Variable(it["name"], it.get("value") or "") for it in documents or ()]


def _arguments(arguments: Sequence[Argument]) -> list[Any]:
    return [write_argument(argument) for argument in arguments]


def _template(template: TemplateSpec | RunSpec, documents: Sequence[Document]) -> Document:
    """Return what a template says, its rules as full objects only if the inputs have such."""
    rules = [rule for it in documents for rule in it.get("dryRun") or ()]
    retention = [rule for it in documents for rule in it.get("measurementRetention") or ()]
    return {
        "metrics": [metric.name for metric in template.metrics],
        "args": _arguments(template.arguments),
        "dryRun": [_like(rules, it, {"metricName": it}) for it in template.dry_run],
        "measurementRetention": [
            _like(retention, it.metric_name, _retention(it))
            for it in template.measurement_retention
        ],
    }


def _retention(rule: RetentionRule) -> Document:
    limit = {"limit": rule.limit} if rule.limit else {}
    return {"metricName": rule.metric_name, **limit}


def _like(inputs: Sequence[object], name: str, document: Document) -> object:
    return document if any(isinstance(it, Mapping) for it in inputs) else name


RUNNERS = {
    "resolve_args": run_resolve_args,
    "resolve_quoted_args": run_resolve_quoted_args,
    "resolve_metric_args": run_resolve_metric_args,
    "resolve_secret_args": run_resolve_secret_args,
    "field_path": run_field_path,
    "dry_run_rules": run_dry_run_rules,
    "retention_rules": run_retention_rules,
    "unique_templates": run_unique_templates,
    "flatten_templates": run_flatten_templates,
    "merge_args": run_merge_args,
    "new_run": run_new_run,
    "kargo_flatten": run_kargo_flatten,
    "kargo_merge_args": run_kargo_merge_args,
    "kargo_flatten_args": run_kargo_flatten_args,
    "kargo_update_arg": run_kargo_update_arg,
    "kargo_build_args": run_kargo_build_args,
    "kargo_build_spec": run_kargo_build_spec,
    "kargo_run_name": run_kargo_run_name,
}
