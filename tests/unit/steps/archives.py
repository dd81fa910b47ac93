"""Makes archives, good and bad, for tests of steps that read them."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Literal, TypeAlias

BLOCK = 512
Style: TypeAlias = Literal[0, 1, 2]


def entry(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member; ``fields`` are those of ``TarInfo``."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.SYMTYPE, linkname=target)


def directory(name: str) -> tuple[tarfile.TarInfo, bytes]:
    return entry(name, type=tarfile.DIRTYPE)


def tar(*entries: tuple[tarfile.TarInfo, bytes], style: Style = tarfile.PAX_FORMAT) -> bytes:
    """Return the bytes of an archive; a size that is not that of the content is kept."""
    out = io.BytesIO()
    for info, content in entries:
        out.write(info.tobuf(style, "utf-8", "surrogateescape"))
        out.write(content + bytes(-len(content) % BLOCK))
    return out.getvalue() + bytes(2 * BLOCK)


def gz(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def tree(root: Path) -> dict[str, str]:
    """Return the contents of files, and the targets of links, by path."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
    return found
