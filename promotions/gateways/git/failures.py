"""What did Git mean by that? Its error output, turned into our errors.

Git runs with ``LC_ALL=C``, so its messages are English. The first pattern that matches decides;
the order matters where a server's words quote several causes.
"""

import errno
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from promotions.ports.git import (
    AuthenticationError,
    CorruptRepositoryError,
    DiskFullError,
    GitError,
    GitTimeoutError,
    HostPausedError,
    HostUnreachableError,
    MergeConflictError,
    PushRejectedError,
    RefNotFoundError,
    RepositoryNotFoundError,
    RepositoryRefusedError,
    UntrustedHostError,
    WorkTreeError,
)

_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[str], GitError], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind, words)
    for pattern, kind, words in (
        (r"no space left on device|disk quota exceeded", DiskFullError, "The disk is full."),
        (
            r"mismatched algorithms|unknown object format|unsupported object format",
            RepositoryRefusedError,
            "The repository names its objects by SHA-256, which is not supported here.",
        ),
        (
            r"out of memory|cannot allocate memory|mmap failed",
            GitError,
            "Git needs more memory than it may have.",
        ),
        (r"gpg failed to sign", GitError, "The commit could not be signed."),
        (
            r"unable to (write|create) file|write error|failed to write",
            DiskFullError,
            "A file could not be written; the disk is probably full.",
        ),
        (
            r"(packed|loose) object .* is corrupt",
            CorruptRepositoryError,
            "A local copy of the repository is damaged.",
        ),
        (
            (
                r"could not resolve host|failed to connect|couldn't connect|connection (refused|"
                r"timed out|reset|closed)|network is unreachable|operation (timed out|too slow)|"
                r"no route to host|early eof|the remote end hung up|empty reply|"
                r"temporary failure in name resolution|returned error: (429|5\d\d)|http 5\d\d|"
                r"bad line length|protocol error|invalid server response|expected flush|"
                r"not valid: (is this a git|could not determine)|unexpected disconnect|"
                r"expected packfile|pack (is corrupted|has bad)|pack signature mismatch|"
                r"invalid index-pack output|index-pack (died|failed)|disconnected"
            ),
            HostUnreachableError,
            "The Git host did not answer properly.",
        ),
        (
            r"ssl certificate|certificate verif|server certificate|gnutls_handshake|tls ",
            UntrustedHostError,
            "The Git host's certificate is not trusted.",
        ),
        (
            (
                r"authentication failed|could not read (username|password)|permission denied \(|"
                r"returned error: 40[13]|invalid username|host key verification failed|"
                r"access denied"
            ),
            AuthenticationError,
            "The Git host refused the credentials, or needs some.",
        ),
        (
            (
                r"couldn't find remote ref|remote branch .* not found|unknown revision|"
                r"not our ref|needed a single revision|could not parse object|"
                r"unadvertised object"
            ),
            RefNotFoundError,
            "The repository has no such branch, tag or commit.",
        ),
        (
            (
                r"repository .*not found|returned error: (404|410|3\d\d)|"
                r"does not appear to be a git repository|"
                r"repository .*does not exist|project .*not be found"
            ),
            RepositoryNotFoundError,
            "There is no such repository, or these credentials may not see it.",
        ),
        (
            (
                r"bad object|is corrupt|is empty\b.*object|object file .* is empty|packfile|"
                r"not a git repository|unable to read (tree|sha1)|missing (blob|tree|commit)|"
                r"bad config|did not send all necessary|broken (link|ref)|inflate|"
                r"unable to find [0-9a-f]{40}|invalid object|index file corrupt|bad index file|"
                r"bad signature|object .* cannot be read|could not read [0-9a-f]{40}|"
                r"failed to traverse|unable to resolve reference|reference broken"
            ),
            CorruptRepositoryError,
            "A local copy of the repository is damaged.",
        ),
        (
            r"\[(remote )?rejected\]|failed to push some refs",
            PushRejectedError,
            "The remote refused the push.",
        ),
        (
            r"could not read from remote repository",
            HostUnreachableError,
            "The Git host did not answer properly.",
        ),
    )
)

_KINDS: Mapping[str, Callable[[str], GitError]] = {
    kind.code: kind
    for kind in (
        GitError, RepositoryNotFoundError, RepositoryRefusedError, RefNotFoundError,
        AuthenticationError, HostUnreachableError, UntrustedHostError, GitTimeoutError,
        DiskFullError, CorruptRepositoryError, PushRejectedError, WorkTreeError, MergeConflictError,
    )
}  # fmt: skip

_USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")
_STALE_LOCK = re.compile(r"unable to create '.*\.lock': file exists", re.IGNORECASE)
_LONGEST_DETAIL = 400


def failure(stderr: str, *, secrets: tuple[str, ...] = (), returncode: int = 1) -> GitError:
    """Return the error that Git's output amounts to, for a person, without ``secrets``."""
    if returncode < 0:
        return GitError(
            f"Git was killed by signal {-returncode}; the host may be short of memory.",
            code="git_killed",
        )
    detail = _detail(redact(stderr, secrets=secrets))
    for pattern, kind, words in _PATTERNS:
        if pattern.search(stderr):
            return kind(f"{words} Git says: {detail}" if detail else words)
    return GitError(f"Git failed: {detail}" if detail else "Git failed and did not say why.")


def failure_of(code: str, message: str, *, until: datetime | None = None) -> GitError:
    """Return the error that another worker met and noted down."""
    if until is not None:
        return HostPausedError(message, until=until)
    return _KINDS.get(code, GitError)(message)


def storage_failure(error: OSError) -> GitError:
    """Return what an error of this host's file system means."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError("The disk is full.")
    return GitError(f"This host's storage failed: {error.strerror}.")


def is_stale_lock(stderr: str) -> bool:
    """Tell whether Git met a lock file; who holds our own lock knows that it is a leftover."""
    return _STALE_LOCK.search(stderr) is not None


def redact(text: str, *, secrets: tuple[str, ...] = ()) -> str:
    """Return ``text`` without ``secrets`` and without user information in URLs."""
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return _USER_INFO.sub("", text)


def _detail(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))]
    return "; ".join((telling or lines)[:4])[:_LONGEST_DETAIL]
