"""``untar``: extracts an archive into a directory."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_text
from common.removal import remove_tree
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.ignores import GIT, IgnoreRules, pattern_lines
from promotions.steps.support.tar_extraction import DIRECTORY_MODE, Extraction
from promotions.steps.support.tar_members import TarMembers
from promotions.steps.support.targets import refuse_private
from promotions.steps.support.workdir import make_directories, opened_file, secure_join

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "UntarConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["inPath", "outPath"],
    "properties": {
        "inPath": {
            "type": "string",
            "minLength": 1,
            "description": "The archive, compressed with gzip or not.",
        },
        "outPath": {
            "type": "string",
            "minLength": 1,
            "description": "The directory to extract into; what is in it is replaced.",
        },
        "stripComponents": {
            "type": "integer",
            "minimum": 0,
            "description": "How many names to leave out at the beginning of each path.",
        },
        "ignore": {
            "type": "string",
            "minLength": 1,
            "description": "What to leave out: lines in the syntax of .gitignore.",
        },
    },
}


@dataclass(frozen=True, slots=True)
class Untar(StepDefaults):
    """Extracts files, directories and harmless links; the directory is replaced as a whole.

    Source: Kargo's ``untar`` step; ``./`` before names and patterns to ignore work here.
    """

    kind: ClassVar[str] = "untar"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Extract the archive.

        Raises:
            StepError: The archive is missing, malformed or too large, or cannot be extracted;
                the directory is as it was.
        """
        root, config = context.workdir, context.config
        source, target = as_text(config["inPath"]), as_text(config["outPath"])
        with step_errors(f'failed to extract tar file "{source}"', root=root):
            rules = IgnoreRules(pattern_lines(as_text(config.get("ignore"))) or [GIT])
            end = _end(root, target)
            with opened_file(root, source) as archive, _temporary(root) as directory:
                _extract(archive, directory, strip=_count(config), rules=rules)
                _replace(directory, end)
        return StepResult()


def _count(config: JSONObject) -> int:
    count = config.get("stripComponents")
    return int(count) if isinstance(count, int | float) else 0


def _end(root: str, target: str) -> Path:
    end = Path(secure_join(root, target))
    if end == Path(root):
        raise InvalidError(f'"{target}" is the work directory itself, which cannot be replaced')
    if end.exists() and not end.is_dir():
        raise InvalidError(f'"{target}" is not a directory')
    refuse_private(root, target)
    return end


@contextmanager
def _temporary(root: str) -> Iterator[Path]:
    """Make a directory that is gone afterwards, unless it has been moved."""
    directory = Path(tempfile.mkdtemp(prefix=".untar-", dir=root))
    try:
        yield directory
    finally:
        remove_tree(directory)


def _extract(archive: BinaryIO, directory: Path, *, strip: int, rules: IgnoreRules) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        Extraction(descriptor, strip, rules).extract(TarMembers(archive))
    finally:
        os.close(descriptor)


def _replace(directory: Path, end: Path) -> None:
    """Move the directory to its end; what is there is put back if that fails."""
    directory.chmod(DIRECTORY_MODE)
    make_directories(end.parent, mode=DIRECTORY_MODE)
    if not end.exists():
        directory.rename(end)
        return
    old = directory.with_name(f"{directory.name}.old")
    end.rename(old)
    try:
        directory.rename(end)
    except OSError:
        old.rename(end)
        raise
    remove_tree(old)
