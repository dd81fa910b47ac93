"""How ``git log`` and ``git for-each-ref`` are asked, and what they answer.

Fields end in NUL, which neither a message nor a path can contain. A commit starts with a slash,
which no path in a tree can start with, so that paths and commits cannot be confused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from promotions.ports.git import CommitRecord, GitError, TagRecord

LOG = (
    "log", "--first-parent", "-z", "--no-renames", "--no-show-signature", "--no-notes",
    "--format=tformat:/%H%x00%ct%x00%an <%ae>%x00%cn <%ce>%x00%s%x00%B%x00",
)  # fmt: skip
HEADERS = (
    "log", "--no-walk=unsorted", "--ignore-missing", "-z", "--no-show-signature", "--no-notes",
    "--format=tformat:%H%x00%T%x00%B%x00",
)  # fmt: skip
TAGS = (
    "for-each-ref", "--sort=-creatordate",
    ("--format=%(refname:lstrip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00"
    "%(*objectname)%00%(creatordate:unix)%00%(subject)%00%(*subject)%00%(authorname) "
    "%(authoremail)%00%(*authorname) %(*authoremail)%00%(committername) %(committeremail)%00"
    "%(*committername) %(*committeremail)%00%(taggername) %(taggeremail)%00%(contents)%00"),
    "refs/tags",
)  # fmt: skip

_HEADER_FIELDS = 3
_COMMIT_FIELDS = 6
_TAG_FIELDS = 14
_LONGEST_FIELD = 4 * 1024 * 1024
_MOST_PATHS = 1_000_000


def commits(chunks: Iterable[bytes]) -> Iterator[CommitRecord]:
    """Yield the commits in the output of ``LOG``, each as soon as it is complete."""
    fields: list[str] = []
    paths: list[str] = []
    for token in _tokens(chunks):
        if token.startswith("/") and len(fields) == _COMMIT_FIELDS:
            yield _commit(fields, paths)
            fields, paths = [token[1:]], []
        elif not fields:
            fields.append(token.removeprefix("/"))
        elif len(fields) < _COMMIT_FIELDS:
            fields.append(token)
        elif token:
            # The list of paths is set off by an empty field and a line end.
            paths.append(token.removeprefix("\n") if not paths else token)
            if len(paths) > _MOST_PATHS:
                raise GitError(f"Commit {fields[0]} changes too many files.", retryable=False)
    if len(fields) == _COMMIT_FIELDS:
        yield _commit(fields, paths)


@dataclass(frozen=True, slots=True)
class CommitHeader:
    """A commit without its files; ``tree`` is the id of what it holds."""

    id: str
    tree: str
    message: str


def headers(text: str) -> Iterator[CommitHeader]:
    """Yield the commits in the output of ``HEADERS``; ids that are not there are left out."""
    fields = text.split("\0")
    for start in range(0, len(fields) - _HEADER_FIELDS, _HEADER_FIELDS + 1):
        commit, tree, message = fields[start : start + _HEADER_FIELDS]
        yield CommitHeader(commit, tree, message.rstrip("\n"))


def tags(text: str) -> tuple[TagRecord, ...]:
    """Return the tags in the output of ``TAGS``, less those that are not on a commit."""
    fields = text.split("\0")
    starts = range(0, len(fields) - _TAG_FIELDS + 1, _TAG_FIELDS)
    found = (_tag(fields[start : start + _TAG_FIELDS]) for start in starts)
    return tuple(tag for tag in found if tag is not None)


def _commit(fields: list[str], paths: list[str]) -> CommitRecord:
    commit, seconds, author, committer, subject, message = fields
    return CommitRecord(
        id=commit,
        subject=subject,
        message=message.rstrip("\n"),
        author=author,
        committer=committer,
        committed_at=datetime.fromtimestamp(int(seconds), tz=UTC),
        changed_paths=tuple(paths),
    )


def _tag(fields: list[str]) -> TagRecord | None:
    name, kind, own_id, inner_kind, inner_id, created, *rest = fields
    own_subject, inner_subject, author, inner_author, committer, inner_committer, tagger, note = (
        rest
    )
    name = name.removeprefix("\n")
    annotated = kind == "tag"
    if (inner_kind if annotated else kind) != "commit":
        return None
    return TagRecord(
        tag=name,
        id=inner_id if annotated else own_id,
        subject=inner_subject if annotated else own_subject,
        author=inner_author if annotated else author,
        committer=inner_committer if annotated else committer,
        created_at=datetime.fromtimestamp(int(created or "0"), tz=UTC),
        tagger=tagger.strip() if annotated else "",
        annotation=note.rstrip("\n") if annotated else "",
    )


def _tokens(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\0")
        for token in complete:
            yield token.decode(errors="replace")
        if len(rest) > _LONGEST_FIELD:
            raise GitError("A commit message in the repository is too long.", retryable=False)
    if rest:
        yield rest.decode(errors="replace")
