"""``yaml-update``: sets scalars in a YAML file."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.commit_messages import yaml_update_message
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.yaml_update import update_yaml
from promotions.engine.runner import Effect, StepContext, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import read_text, rewrite_text

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "YamlUpdateConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "updates"],
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "The YAML file, relative to the work directory.",
        },
        "updates": {
            "type": "array",
            "minItems": 1,
            "description": "What to set, in order; the last update of a key wins.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["key", "value"],
                "properties": {
                    "key": {
                        "type": "string",
                        "minLength": 1,
                        "description": "Where the value is, as parts joined by dots.",
                    },
                    "value": {"description": "The new value: text, a number, true or false."},
                },
            },
        },
    },
}


@dataclass(frozen=True, slots=True)
class YamlUpdate:
    """Sets scalars in a YAML file and leaves everything else as it is.

    Source: Kargo's ``yaml-update`` step.
    """

    kind: ClassVar[str] = "yaml-update"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE
    propagates_output: ClassVar[bool] = False
    default_timeout: ClassVar[timedelta | None] = None
    default_error_threshold: ClassVar[int] = 1

    def run(self, context: StepContext) -> StepResult:
        """Rewrite the file; its mode stays.

        Raises:
            StepError: The file is missing, is not YAML or lacks a key.
        """
        path = as_text(context.config["path"])
        updates = _updates(context.config)
        with step_errors(f'error updating YAML file "{path}"', root=context.workdir):
            before = read_text(context.workdir, path)
            after = update_yaml(before, updates)
            if after != before:
                rewrite_text(context.workdir, path, after)
        return StepResult(output={"commitMessage": yaml_update_message(path, updates)})


def _updates(config: JSONObject) -> tuple[Update, ...]:
    entries = map(as_object, as_list(config["updates"]))
    return tuple(Update(as_text(entry["key"]), entry["value"]) for entry in entries)
