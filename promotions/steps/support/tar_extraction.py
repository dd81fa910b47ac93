"""Puts the members of a tar archive into a directory, and nothing anywhere else.

Every directory is opened from the one above it without following links, so that a link which the
archive itself brought leads nowhere.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from common.errors import InvalidError
from promotions.steps.support.ignores import IgnoreRules
from promotions.steps.support.tar_members import Member, MemberKind, TarMembers
from promotions.steps.support.workdir import NEW_FILE

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_TOTAL_BYTES = 100 * 1024 * 1024
MAX_MADE = 150_000
"""Files, links and directories, with those that a path only goes through."""
MAX_DEPTH = 64
"""Names in one path."""
DIRECTORY_MODE = 0o750

_PERMISSIONS = 0o777
_NS_PER_SECOND = 1_000_000_000
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(slots=True)
class Extraction:
    """What of an archive goes where.

    Attributes:
        directory: Descriptor of the directory to extract into, which is empty.
        strip: How many names to leave out at the beginning of each path.
        rules: What to leave out, by its path without those names.
        most: How many files, links and directories may be made.
    """

    directory: int
    strip: int
    rules: IgnoreRules
    most: int = MAX_MADE
    _bytes: int = 0
    _made: int = 0

    def extract(self, members: TarMembers) -> None:
        """Extract files, directories and symbolic links; leave out what is unsafe or ignored.

        Raises:
            InvalidError: The archive is malformed, breaks a bound or uses one name in two ways.
            OSError: Something cannot be written; the disk may be full.
        """
        for member in members:
            path = relative_path(member.name, strip=self.strip)
            if not path or self._is_left_out(member, path):
                continue
            *above, name = path.split("/")
            if len(above) >= MAX_DEPTH:
                raise InvalidError(f"extraction aborted: more than {MAX_DEPTH} names in a path")
            match member.kind:
                case MemberKind.DIRECTORY:
                    with self._inside([*above, name], path):
                        pass
                case MemberKind.LINK:
                    with self._inside(above, path) as parent:
                        self._link(parent, name, member.target)
                case _:
                    with self._inside(above, path) as parent:
                        self._write(parent, name, member, members)

    @property
    def size_bytes(self) -> int:
        """Return how large the files are that were extracted, together."""
        return self._bytes

    def _is_left_out(self, member: Member, path: str) -> bool:
        if member.kind is MemberKind.OTHER:
            return True
        if member.kind is MemberKind.LINK and not is_safe(member.target):
            return True
        return self.rules.ignores(path, is_directory=member.kind is MemberKind.DIRECTORY)

    @contextmanager
    def _inside(self, names: list[str], path: str) -> Iterator[int]:
        """Open the directory that the names lead to, made if missing."""
        current = os.dup(self.directory)
        try:
            for name in names:
                inner = self._opened(name, current, path)
                os.close(current)
                current = inner
            yield current
        finally:
            os.close(current)

    def _opened(self, name: str, parent: int, path: str) -> int:
        try:
            return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
        except FileNotFoundError:
            self._count_one()
            os.mkdir(name, DIRECTORY_MODE, dir_fd=parent)
            return os.open(name, _OPEN_DIRECTORY, dir_fd=parent)
        except OSError as error:
            if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
                raise
            message = f'extraction aborted: "{path}" lies behind a link or a file'
            raise InvalidError(message) from error

    def _link(self, parent: int, name: str, target: str) -> None:
        self._count_one()
        try:
            os.symlink(target, name, dir_fd=parent)
        except FileExistsError:
            return

    def _write(self, parent: int, name: str, member: Member, members: TarMembers) -> None:
        if member.size > MAX_FILE_BYTES:
            raise InvalidError(
                f"extraction aborted: file {member.name} exceeds size limit of"
                f" {MAX_FILE_BYTES} bytes"
            )
        self._bytes += member.size
        if self._bytes > MAX_TOTAL_BYTES:
            raise InvalidError(
                f"extraction aborted: total size would exceed limit of {MAX_TOTAL_BYTES} bytes"
            )
        self._count_one()
        _remove(name, parent)
        descriptor = os.open(name, NEW_FILE, member.mode & _PERMISSIONS, dir_fd=parent)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in members.content():
                file.write(chunk)
            file.flush()
            if member.modified_at is not None:
                nanoseconds = int(member.modified_at * _NS_PER_SECOND)
                os.utime(file.fileno(), ns=(nanoseconds, nanoseconds))

    def _count_one(self) -> None:
        self._made += 1
        if self._made > self.most:
            raise InvalidError(f"extraction aborted: more than {self.most} files and directories")


def relative_path(name: str, *, strip: int) -> str:
    """Return where a member goes, or nothing if its name is unsafe or has too few parts."""
    stripped = name.split("/", strip)[-1] if name.count("/") >= strip else ""
    while stripped.startswith("./"):
        stripped = stripped[2:]
    if not is_safe(stripped):
        return ""
    return "/".join(part for part in stripped.split("/") if part not in {"", "."})


def is_safe(path: str) -> bool:
    """Return whether a path, or what a link points to, stays below where it stands.

    Source: Kargo's ``untar`` step, and a last ``..`` besides.
    """
    return not (
        not path
        or "\\" in path
        or "\0" in path
        or path.startswith(("/", "./"))
        or "../" in path
        or path.rsplit("/", maxsplit=1)[-1] == ".."
    )


def _remove(name: str, parent: int) -> None:
    """Remove the file or link that a member of the same name brought before."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
