"""Which commit will each work tree start from, and on which branch?"""

import re
from dataclasses import dataclass, replace

from promotions.gateways.git.mirror import BRANCHES, TAGS, Mirror
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.validation import check_ref_name, is_commit_id
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import (
    CorruptRepositoryError,
    GitError,
    PushRejectedError,
    RefNotFoundError,
    WorkTreeError,
)
from promotions.ports.workspaces import Checkout

_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")


@dataclass(frozen=True, slots=True)
class Target:
    """What a work tree's HEAD will be: a branch by name, or a commit."""

    branch: str
    commit: str


def checked(checkouts: tuple[Checkout, ...]) -> tuple[Checkout, ...]:
    """Return ``checkouts`` if Git could have what they name.

    Raises:
        RefusedRefError: It could not.
    """
    for checkout in checkouts:
        for name in (checkout.branch, checkout.tag):
            if name:
                check_ref_name(name)
        if checkout.commit and not _ABBREVIATED.fullmatch(checkout.commit):
            check_ref_name(checkout.commit)
    return checkouts


@dataclass(frozen=True, slots=True)
class TargetFinder:
    """Finds targets in ``mirror``; commits that it makes are by ``identity``."""

    runner: GitRunner
    mirror: Mirror
    identity: GitIdentity

    def find(self, checkouts: tuple[Checkout, ...]) -> list[Target]:
        """Return the target of each checkout.

        Raises:
            RefNotFoundError: There is no such branch, tag or commit.
            WorkTreeError: Two want the same branch.
        """
        targets = [self._target(checkout) for checkout in checkouts]
        branches = [target.branch for target in targets if target.branch]
        for branch in branches:
            if branches.count(branch) > 1:
                raise WorkTreeError(f'Branch "{branch}" can be checked out only once.')
        return targets

    def commit(self, wanted: str) -> str:
        """Return the full id of a commit that is named by id, branch or tag."""
        mirror = self.mirror
        if not _ABBREVIATED.fullmatch(wanted):
            refs = mirror.refs()
            name = next(
                (ref for ref in (f"{TAGS}{wanted}", f"{BRANCHES}{wanted}") if ref in refs), ""
            )
            return self._peeled(name or f"{TAGS}{wanted}")
        try:
            return self._peeled(wanted)
        except RefNotFoundError:
            if not is_commit_id(wanted):
                raise
        mirror.fetch_commit(wanted)
        return self._peeled(wanted)

    def _target(self, checkout: Checkout) -> Target:
        mirror = self.mirror
        if checkout.commit:
            return Target(branch="", commit=self.commit(checkout.commit))
        if checkout.tag:
            return Target(branch="", commit=self._peeled(f"{TAGS}{checkout.tag}"))
        branch = checkout.branch or mirror.listing().head
        if branch and not mirror.branch(branch) and checkout.create:
            self._create_branch(branch)
        if not branch or not mirror.branch(branch):
            raise RefNotFoundError(
                f'The repository has no branch "{branch}"; set create: true to make it.'
                if branch
                else "The repository is empty, or has no default branch; name a branch."
            )
        return Target(branch=branch, commit=mirror.branch(branch))

    def _peeled(self, name: str) -> str:
        try:
            found = self.runner.run(
                ("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}"),
                self.mirror.call(),
            )
        except CorruptRepositoryError:
            raise
        except GitError as error:
            shown = name.removeprefix(TAGS)
            raise RefNotFoundError(f'The repository has no tag or commit "{shown}".') from error
        return found.strip()

    def _create_branch(self, branch: str) -> None:
        """Push an empty first commit as ``branch``; somebody else may have been faster."""
        mirror = self.mirror
        call = mirror.call(talking=True)
        signed_by = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", self.identity.name), ("EMAIL", self.identity.email))
        }
        call = replace(call, env={**(call.env or {}), **signed_by})
        local = replace(call, remote=None)
        tree = self.runner.run(("mktree",), local).strip()
        commit = self.runner.run(("commit-tree", tree), local, stdin=b"Initial commit\n").strip()
        try:
            self.runner.run(
                ("push", "--quiet", "--end-of-options", mirror.remote.url,
                 f"{commit}:refs/heads/{branch}"),
                call,
            )  # fmt: skip
        except PushRejectedError:
            mirror.fetch()
            if mirror.branch(branch):
                return
            raise
        mirror.fetch()
