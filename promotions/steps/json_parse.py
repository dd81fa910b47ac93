"""``json-parse``: reads values out of a JSON file."""

from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.parsing import parse_schema, parsed_outputs

SCHEMA = parse_schema("JsonParseConfig", language="JSON")

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class JsonParse(StepDefaults):
    """Puts out what expressions find in a JSON document, whose root they see as their environment.

    Numbers are floats.

    Source: Kargo's ``json-parse`` step.
    """

    kind: ClassVar[str] = "json-parse"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Read the file and evaluate the expressions.

        Raises:
            StepError: The file is missing, empty or no JSON, or an expression fails; one that does
                not compile is terminal.
        """
        return parsed_outputs(context, language="JSON", parse=_root)


def _root(text: str) -> JSONValue:
    try:
        return read_json(text.removeprefix(_BOM))
    except OperandError as error:
        raise InvalidError(str(error)) from error
