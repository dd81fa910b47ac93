"""``yaml-parse``: reads values out of a YAML file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.documents.yaml_values import load_document
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.parsing import parse_schema, parsed_outputs

SCHEMA = parse_schema("YamlParseConfig", language="YAML")


@dataclass(frozen=True, slots=True)
class YamlParse(StepDefaults):
    """Puts out what expressions find in a YAML document, whose root they see as their environment.

    Only the first document of the file is read. Numbers are floats, as in JSON.

    Source: Kargo's ``yaml-parse`` step.
    """

    kind: ClassVar[str] = "yaml-parse"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Read the file and evaluate the expressions.

        Raises:
            StepError: The file is missing, empty or no YAML, or an expression fails; one that does
                not compile is terminal.
        """
        return parsed_outputs(context, language="YAML", parse=_root)


def _root(text: str) -> JSONValue:
    try:
        return _with_floats(load_document(text))
    except OverflowError as error:
        raise InvalidError("a number does not fit a float") from error


def _with_floats(value: JSONValue) -> JSONValue:
    if isinstance(value, bool | str | None):
        return value
    if isinstance(value, Mapping):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_with_floats(item) for item in value]
    return float(value)
