"""``yaml-merge``: lays YAML files over each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_text
from promotions.engine.documents.commit_messages import yaml_merge_message
from promotions.engine.documents.yaml_merge import merge_yaml
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import MAX_FILE_BYTES, read_text, write_bytes

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "YamlMergeConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["inFiles", "outFile"],
    "properties": {
        "inFiles": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": "The files, each laid over those before it.",
        },
        "outFile": {
            "type": "string",
            "minLength": 1,
            "description": "Where the result goes; it may be one of the files.",
        },
        "ignoreMissingFiles": {
            "type": "boolean",
            "description": "Leave out files that are not there.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class YamlMerge(StepDefaults):
    """Merges the first documents of YAML files, keeping order and comments.

    Source: Kargo's ``yaml-merge`` step; lists are always replaced, as Kargo documents it.
    """

    kind: ClassVar[str] = "yaml-merge"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Merge the files and write the result.

        Raises:
            StepError: A file is missing, cannot be read or is no YAML, or the result cannot be
                written.
        """
        names = [as_text(name) for name in as_list(context.config["inFiles"])]
        target = as_text(context.config["outFile"])
        ignore_missing = context.config.get("ignoreMissingFiles") is True
        with step_errors("error merging YAML files", root=context.workdir):
            found = list(_texts(context.workdir, names, ignore_missing=ignore_missing))
            merged = merge_yaml([text for _, text in found])
            write_bytes(context.workdir, target, merged.encode("utf-8"))
        message = yaml_merge_message([name for name, _ in found], target)
        output: dict[str, JSONValue] = {"commitMessage": message} if message else {}
        return StepResult(output=output)


def _texts(root: str, names: Sequence[str], *, ignore_missing: bool) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each file that is there."""
    size = 0
    for name in names:
        try:
            text = read_text(root, name)
        except FileNotFoundError as error:
            if ignore_missing:
                continue
            raise StepError(f'input file "{name}" not found') from error
        size += len(text)
        if size > MAX_FILE_BYTES:
            raise InvalidError(f"the files are larger than {MAX_FILE_BYTES} bytes together")
        yield name, text
