"""``delete``: removes files and directories from the work directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_text
from common.removal import remove_tree
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.globs import matches
from promotions.steps.support.targets import find_target

_PATH: JSONObject = {"type": "string", "minLength": 1}
SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "DeleteConfig",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "path": {"type": "string", "description": "What to delete."},
        "paths": {
            "type": "array",
            "items": _PATH,
            "description": "Several things to delete.",
        },
        "pathsAreGlobs": {
            "type": "boolean",
            "description": "Paths are patterns: * ? [a-z] {a,b} and **.",
        },
        "strict": {
            "type": "boolean",
            "description": "Something that is not there is an error.",
        },
    },
    "oneOf": [
        {
            "required": ["path"],
            "properties": {"path": {"minLength": 1}, "paths": {"maxItems": 0}},
        },
        {
            "required": ["paths"],
            "properties": {"paths": {"minItems": 1}, "path": {"maxLength": 0}},
        },
    ],
}


@dataclass(frozen=True, slots=True)
class Delete(StepDefaults):
    """Removes files, links (never what they point to) and whole directories.

    Everything is found before anything is removed, so a bad path removes nothing.
    Source: Kargo's ``delete`` step.
    """

    kind: ClassVar[str] = "delete"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Delete.

        Raises:
            StepError: A path leaves the work directory, is missing and ``strict`` is set, or a
                pattern is malformed (which is terminal).
        """
        single = as_text(context.config.get("path"))
        several = [as_text(path) for path in as_list(context.config.get("paths", ()))]
        paths = [single] if single else several
        find = _globbed if context.config.get("pathsAreGlobs") is True else _literal
        strict = context.config.get("strict") is True
        with step_errors("error deleting", root=context.workdir):
            found = [
                target for path in paths for target in find(context.workdir, path, strict=strict)
            ]
            for target in dict.fromkeys(found):
                remove_tree(target)
        return StepResult()


def _literal(root: str, path: str, *, strict: bool) -> list[Path]:
    target = find_target(root, path)
    if target is None and strict:
        raise InvalidError(f'path "{path}" does not exist')
    return [target] if target else []


def _globbed(root: str, pattern: str, *, strict: bool) -> list[Path]:
    try:
        names = matches(root, pattern)
    except ValueError as error:
        raise StepError(f'invalid glob pattern "{pattern}": {error}', terminal=True) from error
    if not names and strict:
        raise InvalidError(f'no paths matched pattern "{pattern}"')
    found = (find_target(root, name) for name in names)
    return [target for target in found if target]
