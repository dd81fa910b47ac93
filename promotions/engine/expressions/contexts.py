"""Where manifests hold expressions, and what each of those places can use: the whole list.

The functions of the language itself (https://expr-lang.org) are there in every context, ``now()``
too, and so are ``quote``, ``unsafeQuote``, ``asYAML`` and ``asJSON`` in every template.
Source: Kargo, the callers of ``pkg/expressions`` and of expr-lang.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Syntax(StrEnum):
    """How expressions are written in a field."""

    TEMPLATE = "between ${{ and }} or ${% and %}, in text of which the result is coerced"
    BARE = "the whole field is one expression"
    GO_TEMPLATE = "Go's text/template, not expressions: fields between {{ and }}"


@dataclass(frozen=True, slots=True)
class Context:
    """One kind of place.

    Attributes:
        fields: Where in manifests.
        variables: What is there by name; a name in parentheses is there only sometimes.
        functions: What can be called besides the functions of the language.
        result: What it must come to.
        evaluator: The module and function that evaluates it.
    """

    fields: tuple[str, ...]
    syntax: Syntax
    variables: tuple[str, ...]
    functions: tuple[str, ...]
    result: str
    evaluator: str


FREIGHT = (
    *("warehouse", "commitFrom", "imageFrom", "chartFrom", "artifactFrom"),
    *("freightMetadata", "freightStatus"),
)
DATA = ("configMap", "sharedConfigMap", "secret", "sharedSecret", "stageMetadata")
VERSIONS = ("semverDiff", "semverParse")
STATUS = ("always", "success", "failure", "status")
HELPERS = ("quote", "unsafeQuote", "asYAML", "asJSON")
DISCOVERY = ("commitFrom", "imageFrom", "chartFrom", "artifactFrom")

_IN_STEPS = ("ctx", "vars", "outputs", "stepMetas", "(task)", "(target)")
_REQUEST = ("request", "params", "normalizeGit", "normalizeImage", "normalizeChart")

CONTEXTS: Mapping[str, Context] = MappingProxyType(
    {
        "promotion variable": Context(
            ("Promotion spec.vars[].value",),
            Syntax.TEMPLATE,
            ("ctx", "vars", "(target)"),
            (*FREIGHT, *DATA, *VERSIONS),
            "anything",
            "promotions.engine.inputs.variables",
        ),
        "step variable": Context(
            ("Promotion spec.steps[].vars[].value",),
            Syntax.TEMPLATE,
            _IN_STEPS,
            (*FREIGHT, *DATA, *VERSIONS, *STATUS),
            "anything",
            "promotions.engine.inputs.variables",
        ),
        "step condition": Context(
            ("Promotion spec.steps[].if",),
            Syntax.TEMPLATE,
            _IN_STEPS,
            (*FREIGHT, *DATA, *VERSIONS, *STATUS),
            "a boolean",
            "promotions.engine.inputs.should_skip",
        ),
        "step configuration": Context(
            ("Promotion spec.steps[].config, every string in it",),
            Syntax.TEMPLATE,
            _IN_STEPS,
            (*FREIGHT, *DATA, *VERSIONS, *STATUS),
            "JSON",
            "promotions.engine.inputs.evaluated_config",
        ),
        "verification argument": Context(
            ("Stage spec.vars[].value", "Stage spec.verification.args[].value"),
            Syntax.TEMPLATE,
            ("ctx", "(vars)"),
            (*FREIGHT, *DATA, *VERSIONS),
            "a string; of a variable anything",
            "promotions.engine.expressions.verification_arguments.verification_arguments",
        ),
        "freight creation criteria": Context(
            ("Warehouse spec.freightCreationCriteria.expression",),
            Syntax.BARE,
            (),
            DISCOVERY,
            "a boolean, or text that says one",
            "promotions.engine.expressions.criteria.freight_may_be_created",
        ),
        "commit filter": Context(
            ("Warehouse spec.subscriptions[].git.expressionFilter, NewestFromBranch",),
            Syntax.BARE,
            ("id", "commitDate", "author", "committer", "subject"),
            (),
            "a boolean, or text that says one",
            "promotions.engine.expressions.criteria.compile_filter",
        ),
        "tag filter": Context(
            ("Warehouse spec.subscriptions[].git.expressionFilter, other strategies",),
            Syntax.BARE,
            (
                *("tag", "id", "creatorDate", "author", "committer", "subject"),
                *("tagger", "annotation"),
            ),
            (),
            "a boolean, or text that says one",
            "promotions.engine.expressions.criteria.compile_filter",
        ),
        "HTTP response": Context(
            (
                "http config.successExpression, config.failureExpression",
                "http config.errorExpression, config.outputs[].fromExpression",
            ),
            Syntax.BARE,
            ("response",),
            (),
            "a boolean; text; anything",
            "promotions.steps.http.Http",
        ),
        "parsed document": Context(
            ("json-parse, yaml-parse, toml-parse and hcl-parse config.outputs[].fromExpression",),
            Syntax.BARE,
            ("(every key of the document)",),
            (),
            "anything",
            "none yet",
        ),
        "webhook condition": Context(
            ("webhookReceivers[].generic.actions[].whenExpression",),
            Syntax.BARE,
            _REQUEST,
            (),
            "a boolean",
            "promotions.engine.expressions.webhook_requests.request_matches",
        ),
        "webhook selection": Context(
            (
                "…targetSelectionCriteria[].name",
                "…targetSelectionCriteria[].labelSelector, its values",
                "…targetSelectionCriteria[].indexSelector.matchIndices[].value",
            ),
            Syntax.TEMPLATE,
            _REQUEST,
            (),
            "a string",
            "promotions.engine.expressions.webhook_requests.selection_text",
        ),
        "stage link": Context(
            ("ProjectConfig and ClusterConfig spec.stageLinks[].if",),
            Syntax.BARE,
            ("stage",),
            (),
            "a boolean",
            "promotions.engine.expressions.links.link_applies",
        ),
        "freight link": Context(
            ("ProjectConfig and ClusterConfig spec.freightLinks[].if",),
            Syntax.BARE,
            ("freight",),
            (),
            "a boolean",
            "promotions.engine.expressions.links.link_applies",
        ),
        "link address": Context(
            ("ProjectConfig and ClusterConfig spec.stageLinks[].url, spec.freightLinks[].url",),
            Syntax.GO_TEMPLATE,
            ("(stage)", "(freight)"),
            (),
            "text",
            "promotions.engine.expressions.link_urls.link_url",
        ),
    }
)
