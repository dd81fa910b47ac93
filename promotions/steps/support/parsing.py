"""What do the steps that read values out of a document have in common?"""

from collections.abc import Callable

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.documents import DocumentEnvironment
from promotions.engine.expressions.language import Expression, compile_expression
from promotions.engine.goquote import go_quote
from promotions.engine.runner import StepContext, StepError, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.http_response import plain_json
from promotions.steps.support.workdir import read_text

_TEXT: JSONObject = {"type": "string", "minLength": 1}


def parse_schema(title: str, *, language: str) -> JSONObject:
    """Return the schema of ``path`` and ``outputs``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": ["path", "outputs"],
        "properties": {
            "path": {
                **_TEXT,
                "description": f"The {language} file, relative to the work directory.",
            },
            "outputs": {
                "type": "array",
                "minItems": 1,
                "description": "What to put out.",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name", "fromExpression"],
                    "properties": {
                        "name": {**_TEXT, "description": "The name of the output."},
                        "fromExpression": {
                            **_TEXT,
                            "description": "An expression over the document, without ${{ }}.",
                        },
                    },
                },
            },
        },
    }


def parsed_outputs(
    context: StepContext, *, language: str, parse: Callable[[str], object]
) -> StepResult:
    """Put out what the configured expressions find in the configured file.

    Args:
        context: Of the step.
        language: What the file is written in, for messages.
        parse: Returns the root of a document, or raises ``InvalidError``.

    Raises:
        StepError: An expression does not compile (which is terminal) or cannot be evaluated, or
            the file is missing, empty or malformed.
    """
    outputs = [
        (as_text(entry["name"]), _compiled(as_text(entry["fromExpression"])))
        for entry in map(as_object, as_list(context.config["outputs"]))
    ]
    path = as_text(context.config["path"])
    with step_errors(f'error reading {language} file "{path}"', root=context.workdir):
        text = read_text(context.workdir, path)
    if not text:
        raise StepError(f'could not parse empty {language} file: "{path}"')
    with step_errors(f"could not parse {language} file", root=context.workdir):
        root = parse(text)
    names = DocumentEnvironment(root, {"now": now_function(lambda: context.now)})
    return StepResult(output={name: _evaluated(it, names) for name, it in outputs})


def _compiled(text: str) -> Expression:
    try:
        return compile_expression(text)
    except InvalidError as error:
        message = f"failed to extract outputs: error compiling expression {go_quote(text)}: {error}"
        raise StepError(message, terminal=True) from error


def _evaluated(expression: Expression, names: DocumentEnvironment) -> JSONValue:
    try:
        return plain_json(expression.evaluate(names))
    except PlatformError as error:
        quoted = go_quote(expression.text)
        message = f"failed to extract outputs: error evaluating expression {quoted}: {error}"
        raise StepError(message) from error
