"""What the operator decides about Git on this host."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from promotions.ports.git import IntegrationPolicy

_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")


def _inherited() -> Mapping[str, str]:
    """Return the little that children take from this process: where programs are, and proxies."""
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), **found}


@dataclass(frozen=True, slots=True)
class GitSettings:
    """Settings of the Git gateway.

    Attributes:
        cache_dir: Where mirrors, locks and this host's key live; private to the platform.
        allow_local: Whether ``file://`` and absolute paths are repositories, as in the demo.
        integration: How remote changes are taken in before a push.
        remote_timeout: Longest that one fetch or push may take.
        local_timeout: Longest that any other Git process may take.
        lock_timeout: Longest to wait for another worker on the same mirror or branch.
        output_bytes: Most that one Git process may print.
    """

    cache_dir: Path
    allow_local: bool = False
    integration: IntegrationPolicy = IntegrationPolicy.REBASE_OR_MERGE
    remote_timeout: timedelta = timedelta(minutes=15)
    local_timeout: timedelta = timedelta(minutes=10)
    lock_timeout: timedelta = timedelta(minutes=20)
    output_bytes: int = 64 * 1024 * 1024
    program: str = field(default_factory=lambda: shutil.which("git") or "/usr/bin/git")
    inherited: Mapping[str, str] = field(default_factory=_inherited)
