"""``toml-parse``: reads values out of a TOML file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.documents.toml_update import load_toml
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.layouts import RFC3339
from promotions.engine.expressions.gotime.parsing import parse_time
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.parsing import parse_schema, parsed_outputs

SCHEMA = parse_schema("TomlParseConfig", language="TOML")

_LARGEST_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TomlParse(StepDefaults):
    """Puts out what expressions find in a TOML document, whose root they see as their environment.

    Integers stay integers. A date with a time and an offset is a time, which is put out as in
    RFC 3339; one without an offset is text.

    Source: Kargo's ``toml-parse`` step.
    """

    kind: ClassVar[str] = "toml-parse"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Read the file and evaluate the expressions.

        Raises:
            StepError: The file is missing, empty or no TOML, or an expression fails; one that does
                not compile is terminal.
        """
        return parsed_outputs(context, language="TOML", parse=_root)


def _root(text: str) -> object:
    return _value(load_toml(text))


def _value(value: object) -> object:
    match value:
        case Mapping():
            return {key: _value(item) for key, item in value.items()}
        case list():
            return [_value(item) for item in value]
        case datetime() if value.tzinfo is not None:
            return _instant(value)
        case date() | time():
            return value.isoformat()
        case int() if not -_LARGEST_INT - 1 <= value <= _LARGEST_INT:
            raise InvalidError("an integer does not fit 64 bits")
        case _:
            return value


def _instant(moment: datetime) -> Time:
    try:
        return parse_time(RFC3339, moment.isoformat())
    except OperandError as error:
        raise InvalidError(str(error)) from error
