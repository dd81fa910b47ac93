"""Where does a download go, and has an earlier attempt brought it already?

What is downloaded goes to a file beside the target, which then replaces the target at once. Just
before that the content's digest is noted in a directory of the platform: an attempt that comes
after a crash accepts the file that an earlier one brought, and never somebody else's.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from promotions.engine.runner import StepContext, StepError
from promotions.steps.support.failures import step_errors
from promotions.steps.support.workdir import (
    NEW_FILE,
    is_private,
    make_directories,
    sanitise,
    secure_join,
)

NOTES = ".kargo-downloads"
"""Directory in the work directory; a file in it says what one step has downloaded."""

_READ_BYTES = 1024 * 1024
_FILE_MODE, _DIRECTORY_MODE = 0o600, 0o700
_NAME_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Download:
    """One step's download.

    Attributes:
        target: Absolute path of the file to write.
        is_done: An earlier attempt has written it; nothing is left to do.
    """

    target: Path
    note: Path
    root: str
    is_done: bool = False

    def save(self, pieces: Iterable[bytes]) -> None:
        """Write the content, all of it or nothing.

        Raises:
            StepError: The file or its directory cannot be written, or ``pieces`` raised it.
        """
        with step_errors("failed to create destination directory", root=self.root):
            make_directories(self.target.parent, mode=_DIRECTORY_MODE)
            make_directories(self.note.parent, mode=_DIRECTORY_MODE)
            if self.note.parent.is_symlink():
                raise ValueError(f"{NOTES} belongs to the platform")
        # The name is the same in every attempt, so none leaves a part behind.
        part = self.target.with_name(f".{self.target.name[:_NAME_LENGTH]}.{self.note.name}.part")
        try:
            with step_errors("failed to write to file", root=self.root):
                digest = _written(part, pieces)
            with step_errors("failed to move file to final destination", root=self.root):
                _write_note(self.note, digest)
                part.replace(self.target)
        finally:
            with suppress(OSError):
                part.unlink()


def begin_download(
    context: StepContext, *, kind: str, out_path: str, allow_overwrite: bool
) -> Download:
    """Return where the download goes.

    Raises:
        StepError: Something else is there already and may not be replaced (terminal), or the
            path is not usable.
    """
    root = context.workdir
    with step_errors(f'failed to join path "{out_path}"', root=root):
        target = Path(secure_join(root, out_path))
        _check_place(root, target)
        relative = str(target.relative_to(root))
        note = Path(root, NOTES, _key(kind, context.alias, relative))
        exists, is_directory = os.path.lexists(target), target.is_dir()
    if allow_overwrite and is_directory:
        raise StepError(f'"{out_path}" is a directory', terminal=True)
    if allow_overwrite or not exists:
        return Download(target, note, root)
    if _is_noted(note, target):
        return Download(target, note, root, is_done=True)
    message = f"file already exists at {sanitise(out_path, root)} and overwrite is not allowed"
    raise StepError(message, terminal=True)


def _check_place(root: str, target: Path) -> None:
    relative = "" if target == Path(root) else str(target.relative_to(root))
    if relative and (is_private(root, relative) or relative.split("/", 1)[0] == NOTES):
        raise ValueError("it belongs to the platform")


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _written(path: Path, pieces: Iterable[bytes]) -> str:
    """Write pieces to a new file and return the digest of all."""
    path.unlink(missing_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, NEW_FILE, _FILE_MODE), "wb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _write_note(note: Path, digest: str) -> None:
    note.unlink(missing_ok=True)
    with os.fdopen(os.open(note, NEW_FILE, _FILE_MODE), "w") as file:
        file.write(digest)


def _is_noted(note: Path, target: Path) -> bool:
    """Return whether a file is what the note says that an earlier attempt has written."""
    if note.parent.is_symlink():
        return False
    try:
        with _opened(note) as file:
            promised = file.read(_READ_BYTES)
        with _opened(target) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return promised == found.encode()


def _opened(path: Path) -> BufferedReader:
    """Open a file that is no link, and wait for nobody if it is a pipe."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
