"""What the operator decides about Git on this host."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from common.egress import EgressPolicy
from promotions.gateways.git.hosts import HostLimits
from promotions.gateways.git.tree_limits import TreeLimits
from promotions.ports.git import IntegrationPolicy

_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy")
_GIB = 1024**3


def _inherited() -> Mapping[str, str]:
    """Return the little that children take from this process: where programs are, and proxies."""
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": os.environ.get("PATH", os.defpath), **found}


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """How much room the mirrors of this host may take.

    Attributes:
        total_bytes: Of all mirrors; the least recently used are removed first.
        mirror_bytes: Of one mirror; a larger repository is refused.
        max_idle: How long a mirror is kept that nobody reads.
        sweep_every: How often somebody looks.
    """

    total_bytes: int = 50 * _GIB
    mirror_bytes: int = 10 * _GIB
    max_idle: timedelta = timedelta(days=14)
    sweep_every: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class GitSettings:
    """Settings of the Git gateway.

    Attributes:
        cache_dir: Where mirrors, locks and this host's key live; private to the platform.
        allow_local: Whether ``file://`` and absolute paths are repositories, as in the demo.
        egress: Which addresses Git may connect to.
        integration: How remote changes are taken in before a push.
        remote_timeout: Longest that one fetch or push may take.
        local_timeout: Longest that any other Git process may take.
        lock_timeout: Longest to wait for another worker on the same mirror or branch.
        stall_timeout: How long a transfer may stand still.
        output_bytes: Most that one Git process may print.
        memory_bytes: Most memory that one Git process may write to.
        cache: How much room the mirrors may take.
        hosts: How much one Git host is asked.
        trees: How large work trees may be, and how many are kept.
    """

    cache_dir: Path
    allow_local: bool = False
    egress: EgressPolicy = field(default_factory=EgressPolicy)
    integration: IntegrationPolicy = IntegrationPolicy.REBASE_OR_MERGE
    remote_timeout: timedelta = timedelta(minutes=15)
    local_timeout: timedelta = timedelta(minutes=10)
    lock_timeout: timedelta = timedelta(minutes=20)
    stall_timeout: timedelta = timedelta(seconds=30)
    output_bytes: int = 64 * 1024 * 1024
    memory_bytes: int = 4 * _GIB
    cache: CacheLimits = field(default_factory=CacheLimits)
    hosts: HostLimits = field(default_factory=HostLimits)
    trees: TreeLimits = field(default_factory=TreeLimits)
    program: str = field(default_factory=lambda: shutil.which("git") or "/usr/bin/git")
    inherited: Mapping[str, str] = field(default_factory=_inherited)
