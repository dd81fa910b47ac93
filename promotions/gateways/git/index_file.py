"""What did Git's index note of each file? Read without starting Git.

Git itself compares change times by the second; what it notes is exact. Only an index that Git
wrote, and that nobody else could write, is read here.

Source: gitformat-index(5), versions 2 and 3.
"""

import os
import struct
from collections.abc import Iterator

Identity = tuple[int, ...]
"""Change and modification time, inode, kind and owner, and size; each as Git cuts it."""

_HEADER = struct.Struct(">4sII")
_ENTRY = struct.Struct(">10I20xH")
_VERSIONS = frozenset({2, 3})
_EXTENDED = 0x4000
_EXTENSION_BYTES = 2
_ALIGNED = 8
_GITLINK = 0o160000
_KIND = 0o170000
_CUT = 0xFFFFFFFF
_SECOND = 1_000_000_000


def identities(content: bytes) -> Iterator[tuple[bytes, Identity]]:
    """Yield the path and identity of every file and symbolic link in an index.

    Raises:
        ValueError: It is not an index, or one of another version.
    """
    try:
        signature, version, count = _HEADER.unpack_from(content)
        if signature != b"DIRC" or version not in _VERSIONS:
            raise ValueError("this is not an index that can be read")
        start = _HEADER.size
        for _ in range(count):
            *noted, flags = _ENTRY.unpack_from(content, start)
            name_start = start + _ENTRY.size
            name_start += _EXTENSION_BYTES if flags & _EXTENDED else 0
            name_end = content.index(b"\0", name_start)
            mode = noted[6]
            if mode & _KIND != _GITLINK:
                yield content[name_start:name_end], (*noted[:4], noted[5], mode & _KIND, *noted[7:])
            length = name_end - start
            start += length + _ALIGNED - length % _ALIGNED
    except struct.error as error:
        raise ValueError("the index ends too early") from error


def identity_of(found: os.stat_result) -> Identity:
    """Return the identity that Git would note of a file."""
    return (
        *(part & _CUT for part in divmod(found.st_ctime_ns, _SECOND)),
        *(part & _CUT for part in divmod(found.st_mtime_ns, _SECOND)),
        found.st_ino & _CUT,
        found.st_mode & _KIND,
        found.st_uid & _CUT,
        found.st_gid & _CUT,
        found.st_size & _CUT,
    )
