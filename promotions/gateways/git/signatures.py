"""Who made the commits of a work tree, and does GPG vouch for them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.validation import is_commit_id
from promotions.gateways.git.work_tree import WorkTree
from promotions.ports.git import GitError, RefusedRefError
from promotions.ports.workspaces import Signature

TRUSTED = "G"
UNSIGNED = "N"
UNCHECKED = "E"
"""Git's letter for a signature that cannot be checked."""

_AUTHOR = "%H%x00%an <%ae>%x00"
_SIGNED = f"{_AUTHOR}%G?%x00%GS%x00"


@dataclass(frozen=True, slots=True)
class SignatureReader:
    """Reads authors and signatures."""

    runner: GitRunner

    def read(self, tree: WorkTree, commits: Sequence[str]) -> Mapping[str, Signature]:
        """Return the author and signature of each of ``commits``, by full id.

        Raises:
            RefusedRefError: One is not a full commit id.
            GitError: The work tree does not have one of them.
        """
        if not all(is_commit_id(commit) for commit in commits):
            raise RefusedRefError("Signatures are looked up by full commit id.")
        try:
            return self._read(tree, commits)
        except GitError:
            # Git gives up on a signature that it cannot even parse: then one by one.
            return {commit: self._one(tree, commit) for commit in commits}

    def _one(self, tree: WorkTree, commit: str) -> Signature:
        try:
            return self._read(tree, (commit,))[commit]
        except GitError:
            _, author, *_ = self._log(tree, (commit,), _AUTHOR)
            return Signature(state=UNCHECKED, signer="", author=author)

    def _read(self, tree: WorkTree, commits: Sequence[str]) -> dict[str, Signature]:
        fields = self._log(tree, commits, _SIGNED)
        found: dict[str, Signature] = {}
        for start in range(0, len(fields) - 3, 4):
            commit, author, state, signer = fields[start : start + 4]
            found[commit] = Signature(
                state=state or UNSIGNED,
                signer=signer if state == TRUSTED else "",
                author=author,
            )
        return found

    def _log(self, tree: WorkTree, commits: Sequence[str], layout: str) -> list[str]:
        if not commits:
            return []
        arguments = (
            "log", "--no-walk=unsorted", "--no-notes", "--no-show-signature", "--stdin",
            f"--format=tformat:{layout}",
        )  # fmt: skip
        text = self.runner.run(arguments, tree.call(), stdin="\n".join(commits).encode())
        return [field.removeprefix("\n") for field in text.split("\0")]
