"""What do the steps that set values in a document have in common?"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.keypaths import Update
from promotions.engine.runner import StepContext, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import read_text, rewrite_text

Edit: TypeAlias = Callable[[str, Sequence[Update]], str]
"""Returns a text with the updates made, or raises ``InvalidError``."""

Message: TypeAlias = Callable[[str, Sequence[Update]], str]
"""Returns what to say in a commit, given the path as configured."""

_ANY_VALUE: JSONObject = {"description": "The new value: text, a number, true or false."}


def update_schema(title: str, *, language: str, value: JSONObject = _ANY_VALUE) -> JSONObject:
    """Return the schema of ``path`` and ``updates``; ``value`` is that of the values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": ["path", "updates"],
        "properties": {
            "path": {
                "type": "string",
                "minLength": 1,
                "description": f"The {language} file, relative to the work directory.",
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
                        "value": value,
                    },
                },
            },
        },
    }


def updated_file(
    context: StepContext, *, language: str, edit: Edit, message: Message
) -> StepResult:
    """Make the configured updates in the configured file, whose mode stays.

    Raises:
        StepError: The file is missing or malformed, or a key cannot be set; nothing was changed.
    """
    path = as_text(context.config["path"])
    entries = map(as_object, as_list(context.config["updates"]))
    updates = tuple(Update(as_text(entry["key"]), entry["value"]) for entry in entries)
    action = f'{language} file update failed: error updating {language} file "{path}"'
    with step_errors(action, root=context.workdir):
        before = read_text(context.workdir, path)
        after = edit(before, updates)
        if after != before:
            rewrite_text(context.workdir, path, after)
    return StepResult(output={"commitMessage": message(path, updates)})
