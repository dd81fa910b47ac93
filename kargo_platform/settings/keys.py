"""Keys that an installation makes for itself on its first start."""

import base64
import os
import secrets
from pathlib import Path


def read_or_create_key(path: Path) -> str:
    """Return the key kept in ``path``, making a random one (32 bytes, base64) if there is none.

    Two processes that start at once agree: the file appears whole or not at all.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
