"""What is in a tar archive that a stranger made?

Its headers are walked here, within bounds, and only decoded by ``tarfile``, whose own reader
keeps every member in memory, reads names as long as they claim to be, and takes a damaged header
for the end of the archive.

Source: POSIX pax ("ustar Interchange Format", "pax Extended Header"), GNU tar's long names.
"""

import math
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO

from common.errors import InvalidError

MAX_ARCHIVE_BYTES = 512 * 1024 * 1024
"""Longest archive, unpacked or not; far more than may be extracted from it."""
MAX_HEADERS = 400_000
"""Headers in one archive; a member with a long name has two or three."""
MAX_EXTENDED_HEADER_BYTES = 64 * 1024
MAX_RECORDS = 100
"""Records in one extended header."""
MAX_GZIP_PARTS = 10_000
"""Compressed parts that may follow each other, as parallel compressors write them."""

_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_NOTHING = bytes(_BLOCK)
_LATEST = 2**33
_LONG_NAME, _LONG_LINK = b"L", b"K"
_EXTENDED = frozenset({b"x", b"X"})
_GLOBAL = b"g"
_WITHOUT_CONTENT = frozenset(
    {
        tarfile.LNKTYPE,
        tarfile.SYMTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.DIRTYPE,
        tarfile.FIFOTYPE,
    }
)
_SPARSE_RECORD = "GNU.sparse."
_TEXT = ("utf-8", "surrogateescape")


class MemberKind(Enum):
    """What a member is; hard links, devices and pipes are all ``OTHER``."""

    FILE = auto()
    DIRECTORY = auto()
    LINK = auto()
    OTHER = auto()


_KINDS = {
    tarfile.REGTYPE: MemberKind.FILE,
    tarfile.AREGTYPE: MemberKind.FILE,
    tarfile.DIRTYPE: MemberKind.DIRECTORY,
    tarfile.SYMTYPE: MemberKind.LINK,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member, as the archive describes it.

    Attributes:
        name: Its path; bytes that are no UTF-8 are surrogates.
        size: Bytes of content.
        mode: Permissions and the bits above them.
        modified_at: Seconds since 1970; ``None`` if that makes no sense.
        target: What a symbolic link points to.
    """

    name: str
    kind: MemberKind
    size: int
    mode: int
    modified_at: float | None
    target: str


class TarMembers:
    """The members of an archive, each to be read before the next is asked for.

    Every method raises ``InvalidError`` if the archive is malformed or breaks a bound.
    """

    def __init__(self, file: BinaryIO, *, most: int = MAX_HEADERS) -> None:
        self._stream = _Stream(file)
        self._most = most
        self._unread = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Member]:
        extended: dict[str, str] = {}
        for _ in range(self._most):
            info = self._header()
            if info is None:
                return
            if info.type in {_LONG_NAME, _LONG_LINK}:
                name = "path" if info.type == _LONG_NAME else "linkpath"
                extended[name] = self._extension(info).partition(b"\0")[0].decode(*_TEXT)
            elif info.type in _EXTENDED:
                extended |= _records(self._extension(info))
            elif info.type == _GLOBAL:
                self._expect_content(info.size)
            else:
                yield self._member(info, extended)
                extended = {}
        raise InvalidError(f"extraction aborted: more than {self._most} headers")

    def content(self) -> Iterator[bytes]:
        """Yield what is left of the content of the member that came last."""
        while self._unread:
            chunk = self._stream.exactly(min(self._unread, _CHUNK))
            self._unread -= len(chunk)
            yield chunk

    def _header(self) -> tarfile.TarInfo | None:
        """Return the next header, or ``None`` at the end."""
        for _ in self.content():
            pass
        self._stream.exactly(self._padding)
        self._padding = 0
        block = self._stream.block()
        if not block:
            return None
        if block == _NOTHING:
            if self._stream.block() not in {b"", _NOTHING}:
                raise _malformed("a header is missing")
            return None
        try:
            return tarfile.TarInfo.frombuf(block, *_TEXT)
        except (tarfile.HeaderError, ValueError) as error:
            raise _malformed(f"invalid tar header: {error}") from error

    def _member(self, info: tarfile.TarInfo, extended: Mapping[str, str]) -> Member:
        name = extended.get("path", info.name)
        if info.type == tarfile.GNUTYPE_SPARSE or any(
            record.startswith(_SPARSE_RECORD) for record in extended
        ):
            raise InvalidError(
                f'extraction aborted: "{name}" is stored with holes; make the archive again'
                " without --sparse"
            )
        kind = _KINDS.get(info.type, MemberKind.OTHER)
        if info.type == tarfile.AREGTYPE and name.endswith("/"):
            kind = MemberKind.DIRECTORY
        size = _number(extended["size"]) if "size" in extended else info.size
        if info.type in _WITHOUT_CONTENT:
            size = 0
        self._expect_content(size)
        target = extended.get("linkpath", info.linkname)
        modified_at = _moment(extended.get("mtime"), info.mtime)
        return Member(name, kind, size, info.mode, modified_at, target)

    def _extension(self, info: tarfile.TarInfo) -> bytes:
        if info.size > MAX_EXTENDED_HEADER_BYTES:
            raise InvalidError(
                f"extraction aborted: an extended header of {info.size} bytes exceeds the limit of"
                f" {MAX_EXTENDED_HEADER_BYTES} bytes"
            )
        self._expect_content(info.size)
        return b"".join(self.content())

    def _expect_content(self, size: int) -> None:
        if size < 0:
            raise _malformed("a member has a negative size")
        self._unread = size
        self._padding = -size % _BLOCK


class _Stream:
    """The bytes of an archive, unpacked on the way if it is compressed, and counted."""

    def __init__(self, file: BinaryIO) -> None:
        magic = file.read(len(_GZIP_MAGIC))
        if not magic:
            raise InvalidError("failed to read file header: the file is empty")
        file.seek(0)
        self._source: _Gunzip | BinaryIO = _Gunzip(file) if magic == _GZIP_MAGIC else file
        self._count = 0

    def block(self) -> bytes:
        """Return the next block, or nothing at the end of the file."""
        block = self._up_to(_BLOCK)
        if 0 < len(block) < _BLOCK:
            raise _malformed("unexpected EOF")
        return block

    def exactly(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        content = self._up_to(size)
        if len(content) < size:
            raise _malformed("unexpected EOF")
        return content

    def _up_to(self, size: int) -> bytes:
        pieces = []
        while size and (piece := self._source.read(size)):
            pieces.append(piece)
            size -= len(piece)
            self._count += len(piece)
            if self._count > MAX_ARCHIVE_BYTES:
                raise InvalidError(
                    f"extraction aborted: the archive exceeds {MAX_ARCHIVE_BYTES} bytes"
                )
        return b"".join(pieces)


class _Gunzip:
    """Unpacks no more than is asked for; several compressed parts are read as one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._packed = b""
        self._parts = 1
        self._packed_count = 0

    def read(self, size: int) -> bytes:
        """Return at least one byte and at most ``size``, or nothing at the end."""
        while True:
            unpacked = self._unpacked(size)
            if unpacked or (self._inflate.eof and not self._begins_another()):
                return unpacked
            if not self._packed and not self._refilled():
                raise _malformed("unexpected EOF")

    def _unpacked(self, size: int) -> bytes:
        if self._inflate.eof:
            return b""
        try:
            unpacked = self._inflate.decompress(self._packed, size)
        except zlib.error as error:
            raise _malformed(f"gzip: {error}") from error
        self._packed = self._inflate.unconsumed_tail or self._inflate.unused_data
        return unpacked

    def _begins_another(self) -> bool:
        """Return whether another part follows the one that has ended, ready to be read."""
        if not self._packed and not self._refilled():
            return False
        self._parts += 1
        if self._parts > MAX_GZIP_PARTS:
            raise InvalidError(f"extraction aborted: more than {MAX_GZIP_PARTS} compressed parts")
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        return True

    def _refilled(self) -> bool:
        self._packed = self._file.read(_CHUNK)
        self._packed_count += len(self._packed)
        if self._packed_count > MAX_ARCHIVE_BYTES:
            raise InvalidError(f"extraction aborted: the file exceeds {MAX_ARCHIVE_BYTES} bytes")
        return bool(self._packed)


def _records(content: bytes) -> dict[str, str]:
    """Return the records of an extended header: length, space, name, equals sign, value, LF."""
    records: dict[str, str] = {}
    position = 0
    for _ in range(MAX_RECORDS):
        if position == len(content):
            return records
        digits, space, _ = content[position : position + 10].partition(b" ")
        end = position + int(digits) if digits.isdigit() and space else 0
        record = content[position + len(digits) + 1 : end]
        name, equals, value = record.removesuffix(b"\n").partition(b"=")
        if not (equals and record.endswith(b"\n") and end <= len(content)):
            raise _malformed("invalid extended header")
        records[name.decode(*_TEXT)] = value.decode(*_TEXT)
        position = end
    raise InvalidError(f"extraction aborted: more than {MAX_RECORDS} records in one header")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < len(str(2**63))):
        raise _malformed("invalid size in an extended header")
    return int(text)


def _moment(extended: str | None, plain: float) -> float | None:
    try:
        moment = float(plain if extended is None else extended)
    except (ValueError, OverflowError):
        return None
    return moment if math.isfinite(moment) and 0 <= moment < _LATEST else None


def _malformed(reason: str) -> InvalidError:
    return InvalidError(f"error reading tar: {reason}")
