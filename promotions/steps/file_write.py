"""``file-write``: writes a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from common.jsontypes import JSONObject, as_text
from promotions.engine.gopath import clean
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import (
    is_private,
    read_bytes,
    sanitise,
    secure_join,
    write_bytes,
)

DEFAULT_PERMISSIONS = "0600"
_EXECUTABLE = 0o111
_WORLD_WRITABLE = 0o002
_GIT = ".git"

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "FileWriteConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path", "contents"],
    "properties": {
        "path": {
            "type": "string",
            "minLength": 1,
            "description": "Where the file goes, relative to the work directory.",
        },
        "contents": {"type": "string", "description": "The whole text, which may be empty."},
        "permissions": {
            "type": "string",
            "pattern": "^0[0-7]{3}$",
            "description": "Octal permissions, nobody's to execute and not the world's to write.",
        },
        "overwrite": {"type": "boolean", "description": "Replace a file that is there."},
    },
}


@dataclass(frozen=True, slots=True)
class FileWrite(StepDefaults):
    """Writes a text exactly as it is.

    Done again in the same work directory it succeeds, since the file has the text already.
    Source: Kargo's ``file-write`` step, which fails there; and which lets ``.git`` be written to
    below the top level.
    """

    kind: ClassVar[str] = "file-write"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.PURE

    def run(self, context: StepContext) -> StepResult:
        """Write the file.

        Raises:
            StepError: The path or the permissions are not allowed, or another file is there
                (failed and terminal); or the file cannot be written.
        """
        path = as_text(context.config["path"])
        _check_path(path)
        mode = _mode(as_text(context.config.get("permissions")) or DEFAULT_PERMISSIONS)
        _check_links(context.workdir, path)
        with step_errors(f'error writing file "{path}"', root=context.workdir):
            content = as_text(context.config["contents"]).encode("utf-8")
            if context.config.get("overwrite") is not True:
                _check_free(context.workdir, path, content)
            write_bytes(context.workdir, path, content, mode=mode)
        return StepResult()


def _check_path(path: str) -> None:
    if path.startswith("/"):
        raise _forbidden(f'path "{path}" must be relative')
    names = clean(path).split("/")
    if names[0] == "..":
        raise _forbidden(f'path "{path}" attempts to traverse outside the working directory')
    if any(name.lower() == _GIT for name in names):
        raise _forbidden(f'writing to the .git directory is forbidden: "{path}"')


def _mode(permissions: str) -> int:
    mode = int(permissions, base=8)
    if mode & _EXECUTABLE:
        raise _forbidden(f'permissions "{permissions}" must not include executable bits')
    if mode & _WORLD_WRITABLE:
        raise _forbidden(f'permissions "{permissions}" must not be world-writable')
    return mode


def _check_links(root: str, path: str) -> None:
    """Refuse a path that leads through a link, or into what belongs to the platform."""
    wanted = clean(path)
    try:
        found = str(Path(secure_join(root, path)).relative_to(root))
    except (OSError, ValueError) as error:
        reason = sanitise(str(error), root)
        raise _forbidden(f'could not secure join path "{path}": {reason}') from error
    if found != wanted:
        raise _forbidden(
            f'path "{path}" resolves to a different path "{found}" (symlinks are forbidden)'
        )
    if is_private(root, found):
        raise _forbidden(f'path "{path}" belongs to the platform')


def _check_free(root: str, path: str, content: bytes) -> None:
    """Refuse to replace something, unless it is what would be written."""
    target = Path(secure_join(root, path))
    if not target.exists():
        return
    is_as_long = target.is_file() and target.stat().st_size == len(content)
    if is_as_long and read_bytes(root, path, limit=len(content)) == content:
        return
    raise _forbidden(f'file "{path}" already exists; set overwrite to true to replace it')


def _forbidden(message: str) -> StepError:
    return StepError(message, failed=True, terminal=True)
