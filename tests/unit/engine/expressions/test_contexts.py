"""The table of contexts says what each of them really offers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module

import pytest

from promotions.engine.expressions.contexts import CONTEXTS, HELPERS, Context
from promotions.engine.expressions.discovered import discovery_functions
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.templates import render_text
from promotions.engine.expressions.webhook_requests import WebhookRequest, request_environment
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step
from promotions.engine.inputs import PromotionFacts, Scope, Target, environment
from promotions.engine.selection.commits import CommitMetadata, commit_variables
from promotions.engine.selection.tags import TagMetadata, tag_variables
from tests.fakes.rendering import render
from tests.unit.engine.expressions.test_functions import Objects

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FUNCTIONS = kargo_functions(FunctionScope("t", "p", Objects(), clock=lambda: NOW))


def names(context: Context) -> set[str]:
    return {name.strip("()") for name in context.variables}


def offered(env: Mapping[str, object]) -> tuple[set[str], set[str]]:
    """Return the names of the variables and of the functions, ``now`` apart."""
    found = Environment.of(env)
    return set(found.variables), set(found.functions) - {"now"}


def in_step() -> Mapping[str, object]:
    freight = FreightReference("f", FreightOrigin("w"))
    facts = PromotionFacts("p", "s", "n", freight, target=Target())
    scope = Scope(facts, render, functions=FUNCTIONS)
    return {**environment(scope, Step("copy", alias="t::x")), "vars": {}}


@pytest.mark.parametrize("name", ["step variable", "step condition", "step configuration"])
def test_steps_are_offered_what_the_table_says(name: str) -> None:
    context = CONTEXTS[name]

    assert offered(in_step()) == (names(context), set(context.functions))


@pytest.mark.parametrize("name", ["promotion variable", "verification argument"])
def test_what_is_outside_of_steps_has_kargos_functions_only(name: str) -> None:
    assert set(CONTEXTS[name].functions) == offered(FUNCTIONS)[1]


def test_criteria_are_offered_discovery_only() -> None:
    assert set(CONTEXTS["freight creation criteria"].functions) == set(discovery_functions({}))


def test_filters_are_offered_the_fields_of_what_they_filter() -> None:
    assert names(CONTEXTS["commit filter"]) == set(commit_variables(CommitMetadata("x", NOW)))
    assert names(CONTEXTS["tag filter"]) == set(tag_variables(TagMetadata("v1", "x", NOW)))


@pytest.mark.parametrize("name", ["webhook condition", "webhook selection"])
def test_receivers_are_offered_the_request(name: str) -> None:
    assert names(CONTEXTS[name]) == set(request_environment(WebhookRequest()))


def test_every_template_has_the_helpers() -> None:
    for helper in HELPERS:
        assert isinstance(render_text(f"${{{{ {helper}(1) }}}}", {}), str)


@pytest.mark.parametrize(
    "evaluator", sorted({it.evaluator for it in CONTEXTS.values()} - {"none yet"})
)
def test_evaluators_exist(evaluator: str) -> None:
    module, _, name = evaluator.rpartition(".")

    assert callable(getattr(import_module(module), name))
