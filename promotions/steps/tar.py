"""``tar``: puts a file or a directory into an archive."""

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from common.jsontypes import JSONObject, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.ignores import GIT, IgnoreRules, pattern_lines
from promotions.steps.support.tar_writing import write_tar
from promotions.steps.support.targets import refuse_private
from promotions.steps.support.workdir import (
    NEW_FILE,
    make_directories,
    new_temporary,
    private_directories,
    secure_join,
)

_DIRECTORY_MODE = 0o750
_LEVEL = 6

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "TarConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["inPath", "outPath"],
    "properties": {
        "inPath": {
            "type": "string",
            "minLength": 1,
            "description": "The file or directory to put into the archive.",
        },
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "Where the archive goes; what is there is replaced.",
        },
        "ignore": {
            "type": "string",
            "minLength": 1,
            "description": "What to leave out: lines in the syntax of .gitignore.",
        },
        "gzip": {"type": "boolean", "description": "Compress the archive."},
    },
}


@dataclass(frozen=True, slots=True)
class Tar(StepDefaults):
    """Makes an archive; the same files make the same archive, whenever and wherever.

    Source: Kargo's ``tar`` step, which stores times and owners, and the archive in itself.
    """

    kind: ClassVar[str] = "tar"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Make the archive.

        Raises:
            StepError: The input is missing or too large, or a file cannot be read or written.
        """
        root, config = context.workdir, context.config
        source, target = as_text(config["inPath"]), as_text(config["outPath"])
        with step_errors(f'failed to create the tar archive "{target}"', root=root):
            rules = _rules(as_text(config.get("ignore")))
            start, end = secure_join(root, source), Path(secure_join(root, target))
            if not os.path.lexists(start):
                raise StepError(f'input path "{source}" does not exist')
            refuse_private(root, source)
            refuse_private(root, target)
            make_directories(end.parent, mode=_DIRECTORY_MODE)
            temporary = new_temporary(root)
            without = {str(temporary), str(end), *private_directories(root)}
            with _replacing(temporary, end) as file, _packed(file, config) as archive:
                write_tar(archive, start, rules=rules, without=without)
        return StepResult()


def _rules(ignore: str) -> IgnoreRules:
    if not ignore.strip():
        return IgnoreRules([GIT])
    lines = "\n".join(line.strip() for line in ignore.splitlines())
    return IgnoreRules(pattern_lines(lines))


@contextmanager
def _replacing(temporary: Path, end: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place, with all of its content on disk, if all goes well."""
    try:
        with os.fdopen(os.open(temporary, NEW_FILE, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(end)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _packed(file: BinaryIO, config: JSONObject) -> Iterator[BinaryIO]:
    """Return the file, or what compresses into it."""
    if config.get("gzip") is not True:
        yield file
        return
    with gzip.GzipFile("", "wb", _LEVEL, fileobj=file, mtime=0) as packing:
        yield cast("BinaryIO", packing)
