"""How are local commits made again through GitHub's API, so that GitHub itself can sign them?

Source: Kargo ``pkg/promotion/runner/builtin`` github-push: replay, trust and attribution.
"""

from collections.abc import Mapping, Sequence

from promotions.ports.github import (
    CommitPerson,
    ComparedCommit,
    Comparison,
    GitHubCommits,
    NewCommit,
)
from promotions.ports.workspaces import Signature

_TRUSTED = "G"


def replay(
    compared: Sequence[ComparedCommit],
    *,
    onto: str,
    signatures: Mapping[str, Signature],
    github: GitHubCommits,
    verify_untrusted: bool = False,
) -> str:
    """Create each commit again, the oldest first, and return the id of the last.

    Kargo makes the commit before the parent of each that is no merge, which is the same unless
    there are merges; then a commit would seem to undo what came in by the other side.

    Args:
        compared: The commits; none leaves ``onto``.
        onto: What they begin from.
        signatures: Who signed each, by its id.
        github: Where to create them.
        verify_untrusted: Let GitHub sign also what no trusted key has signed.

    Raises:
        ScmError: GitHub did not create one.
    """
    made: dict[str, str] = {}
    last = onto
    for commit in compared:
        signature = signatures.get(commit.id) or Signature(state="N", signer="", author="")
        is_vouched_for = verify_untrusted or signature.state == _TRUSTED
        # A parent that is not made again, being on GitHub already, stays.
        parents = tuple(made.get(parent, parent) for parent in commit.parents)
        copy = _verified if is_vouched_for else _as_it_was
        last = github.create_commit(copy(commit, parents, signature))
        made[commit.id] = last
    return last


def is_replayed(compared: Comparison) -> bool:
    """Return whether the base is what the head would be made again as.

    So it is if an earlier attempt moved the branch and was not told.
    """
    if compared.base is None or len(compared.commits) != compared.total or not compared.commits:
        return False
    made, ours = compared.base, compared.commits[-1]
    same_words = made.message == ours.message or made.message == _with_co_author(ours)
    return made.tree == ours.tree and same_words


def _verified(commit: ComparedCommit, parents: tuple[str, ...], signature: Signature) -> NewCommit:
    """Return a commit that GitHub gives the caller as author, and signs if that is an App."""
    author = commit.author
    is_known = author is not None and author.name and author.email
    is_signer = author is not None and _shown(author) == signature.signer
    message = _with_co_author(commit) if is_known and not is_signer else commit.message
    return NewCommit(tree=commit.tree, message=message, parents=parents)


def _as_it_was(
    commit: ComparedCommit, parents: tuple[str, ...], _signature: Signature
) -> NewCommit:
    return NewCommit(
        tree=commit.tree,
        message=commit.message,
        parents=parents,
        author=commit.author,
        committer=commit.committer,
    )


def _with_co_author(commit: ComparedCommit) -> str:
    """Return the message with the author named at its end, in the form that GitHub reads."""
    named = _shown(commit.author) if commit.author else ""
    return f"{commit.message}\n\nCo-authored-by: {named}"


def _shown(person: CommitPerson) -> str:
    return f"{person.name} <{person.email}>"
