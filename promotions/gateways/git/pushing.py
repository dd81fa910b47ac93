"""Pushes a work tree's HEAD, taking in what others pushed meanwhile.

The push is tried first: if the remote accepts it, there was nothing to take in. Only when the
remote branch has moved is it fetched and integrated by the operator's policy.
"""

import hashlib
import random
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

from common.locks import file_lock
from promotions.engine.urls import normalise_git_url
from promotions.gateways.git.refs import read_ref
from promotions.gateways.git.runner import GitFailedError, GitRunner
from promotions.gateways.git.validation import check_ref_name
from promotions.gateways.git.work_tree import WorkTree
from promotions.ports.git import (
    GitError,
    IntegrationError,
    IntegrationPolicy,
    MergeConflictError,
    PushRejectedError,
    RefNotFoundError,
    Remote,
    WorkTreeError,
)
from promotions.ports.workspaces import Pushed, PushRequest

_HEADS = "refs/heads/"
_TRACKING = "refs/remotes/origin/"
_MOVED = re.compile(
    r"\[(?:remote )?rejected\].*\((?:non-fast-forward|fetch first|cannot lock ref.*|"
    r"failed to update ref|incorrect old value provided|reference already exists|stale info)"
)
_ABSENT = "remote ref does not exist"
_FIRST_PAUSE = 1.0
_GROWTH = 1.5
_LONGEST_PAUSE = 30.0
_TRUSTED = "G"
_UNSIGNED = frozenset({"N", ""})


@dataclass(frozen=True, slots=True)
class Pusher:
    """Pushes, and integrates before it pushes again.

    Attributes:
        sleep: Waits for so many seconds.
        chance: Returns a number from 0 to 1.
    """

    runner: GitRunner
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def push(self, tree: WorkTree, request: PushRequest, *, remote: Remote) -> Pushed:
        """Push as ``request`` says, over ``remote``, whose URL has been checked."""
        tree.unlock()
        self._abandon(tree)
        if request.tag:
            return self._push_tag(tree, request, remote=remote)
        branch, target = _target(tree, request)
        self._push_branch(tree, request, remote=remote, target=target)
        return Pushed(commit=tree.head()[0], branch=branch)

    def integrate(self, tree: WorkTree, request: PushRequest, *, remote: Remote) -> Pushed:
        """Take in what others pushed to the target branch, if there is one, and stop there."""
        tree.unlock()
        self._abandon(tree)
        branch, target = _target(tree, request)
        with self._turn(remote, target):
            self._integrate(tree, remote=remote, target=target)
        return Pushed(commit=tree.head()[0], branch=branch)

    def adopt(self, tree: WorkTree, request: PushRequest, *, remote: Remote) -> Pushed:
        """Make HEAD and the files what the remote's target branch is now."""
        tree.unlock()
        self._abandon(tree)
        branch, target = _target(tree, request)
        self._fetch(tree, remote=remote, target=target)
        self.runner.run(("reset", "--quiet", "--hard", _tracking(target)), tree.call())
        return Pushed(commit=tree.head()[0], branch=branch)

    def delete(self, tree: WorkTree, ref: str, *, remote: Remote) -> None:
        """Delete the full name ``ref`` on the remote; a missing one is a success."""
        arguments = (
            "push", "--quiet", "--no-verify", "--no-recurse-submodules",
            "--end-of-options", "origin", f":{check_ref_name(ref)}",
        )  # fmt: skip
        try:
            self.runner.attempt(arguments, tree.call(remote=remote))
        except GitFailedError as failed:
            if _ABSENT not in failed.stderr:
                raise failed.error from None

    def _push_tag(self, tree: WorkTree, request: PushRequest, *, remote: Remote) -> Pushed:
        ref = f"refs/tags/{check_ref_name(request.tag)}"
        if not read_ref(tree.repository, ref):
            raise WorkTreeError(f'There is no tag "{request.tag}" here; make it with git-tag.')
        self._push_once(tree, f"{ref}:{ref}", remote=remote, force=False)
        return Pushed(commit=tree.head()[0], branch=tree.head()[1])

    def _push_branch(
        self, tree: WorkTree, request: PushRequest, *, remote: Remote, target: str
    ) -> None:
        for attempt in range(1, request.max_attempts + 1):
            try:
                with self._turn(remote, target):
                    self._integrate_and_push(tree, request, remote=remote, target=target)
            except GitFailedError:
                if attempt < request.max_attempts:
                    self.sleep(self._pause(attempt))
            else:
                return
        raise PushRejectedError(
            f'"{target.removeprefix(_HEADS)}" kept moving on the remote; '
            f"gave up after {request.max_attempts} attempts."
        )

    def _integrate_and_push(
        self, tree: WorkTree, request: PushRequest, *, remote: Remote, target: str
    ) -> None:
        """Push; if the branch has moved, integrate and push once more.

        Raises:
            GitFailedError: The branch has moved again.
        """
        try:
            self._push_once(tree, f"HEAD:{target}", remote=remote, force=request.force)
        except GitFailedError:
            if request.force:
                raise
        else:
            return
        self._integrate(tree, remote=remote, target=target)
        self._push_once(tree, f"HEAD:{target}", remote=remote, force=False)

    def _push_once(self, tree: WorkTree, refspec: str, *, remote: Remote, force: bool) -> None:
        """Push one refspec.

        Raises:
            GitFailedError: The remote branch has moved.
            GitError: Anything else.
        """
        options = ("--force",) if force else ()
        arguments = (
            "push", "--porcelain", "--no-verify", "--no-recurse-submodules", *options,
            "--end-of-options", "origin", refspec,
        )  # fmt: skip
        try:
            self.runner.attempt(arguments, tree.call(remote=remote))
        except GitFailedError as failed:
            if refspec.startswith("HEAD:") and _MOVED.search(f"{failed.stdout}{failed.stderr}"):
                raise
            raise failed.error from None

    def _integrate(self, tree: WorkTree, *, remote: Remote, target: str) -> None:
        tracking = _tracking(target)
        with suppress(RefNotFoundError):
            self._fetch(tree, remote=remote, target=target)
            if not self._has_more(tree, tracking):
                return
            if self._may_rebase(tree, tracking):
                self._combine(tree, ("rebase", "--quiet", "--no-autostash", tracking))
            else:
                words = f"Merge remote-tracking branch '{tracking.removeprefix('refs/remotes/')}'"
                self._combine(tree, ("merge", "--quiet", "-m", words, tracking))

    def _fetch(self, tree: WorkTree, *, remote: Remote, target: str) -> None:
        arguments = (
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
            "--end-of-options", "origin", f"+{target}:{_tracking(target)}",
        )  # fmt: skip
        self.runner.run(arguments, tree.call(remote=remote))

    def _has_more(self, tree: WorkTree, tracking: str) -> bool:
        """Tell whether the remote branch has commits that HEAD has not."""
        arguments = ("rev-list", "--max-count=1", "--end-of-options", f"HEAD..{tracking}")
        return bool(self.runner.run(arguments, tree.call()).strip())

    def _may_rebase(self, tree: WorkTree, tracking: str) -> bool:
        policy = self.runner.settings.integration
        match policy:
            case IntegrationPolicy.ALWAYS_REBASE:
                return True
            case IntegrationPolicy.ALWAYS_MERGE:
                return False
            case IntegrationPolicy.REBASE_OR_MERGE:
                return self._is_safe_to_rebase(tree, tracking)
            case IntegrationPolicy.REBASE_OR_FAIL:
                if self._is_safe_to_rebase(tree, tracking):
                    return True
                raise IntegrationError("rebase is unsafe and policy prohibits merge fallback")

    def _is_safe_to_rebase(self, tree: WorkTree, tracking: str) -> bool:
        """Tell whether rebasing would neither strip nor forge a signature."""
        try:
            listed = self.runner.run(
                ("log", "--format=%G?", "--end-of-options", f"{tracking}..HEAD"), tree.call()
            )
        except GitError:
            # Git gives up on a signature that it cannot even read: not one to touch.
            return False
        signing = tree.config().get("commit", {}).get("gpgSign") == "true"
        states = listed.splitlines()
        if signing:
            return all(state == _TRUSTED for state in states)
        return all(state in _UNSIGNED for state in states)

    def _combine(self, tree: WorkTree, arguments: tuple[str, ...]) -> None:
        try:
            self.runner.run(arguments, tree.call())
        except GitError as error:
            conflicts = self._conflicts(tree)
            if self._abandon(tree):
                raise MergeConflictError(
                    f"merge conflict: the remote branch changed the same lines{conflicts}"
                ) from error
            raise

    def _conflicts(self, tree: WorkTree) -> str:
        try:
            listed = self.runner.run(("diff", "--name-only", "--diff-filter=U", "-z"), tree.call())
        except GitError:
            return "."
        names = [name for name in listed.split("\0") if name]
        return f" of {', '.join(names[:5])}." if names else "."

    def _abandon(self, tree: WorkTree) -> bool:
        """Undo a rebase or merge that is under way, and tell whether one was."""
        if any((tree.admin / name).exists() for name in ("rebase-merge", "rebase-apply")):
            self.runner.run(("rebase", "--abort"), tree.call())
            return True
        if (tree.admin / "MERGE_HEAD").exists():
            self.runner.run(("merge", "--abort"), tree.call())
            return True
        return False

    def _turn(self, remote: Remote, target: str) -> AbstractContextManager[None]:
        name = hashlib.sha256(f"{normalise_git_url(remote.url)}\0{target}".encode()).hexdigest()
        settings = self.runner.settings
        path = settings.cache_dir / "locks" / f"push-{name[:32]}.lock"
        return file_lock(path, timeout=settings.lock_timeout)

    def _pause(self, attempt: int) -> float:
        pause = min(_FIRST_PAUSE * _GROWTH ** (attempt - 1), _LONGEST_PAUSE)
        return min(pause * (0.5 + self.chance()), _LONGEST_PAUSE)


def _target(tree: WorkTree, request: PushRequest) -> tuple[str, str]:
    """Return the branch to push to as it was written, and its full name."""
    branch = request.branch or tree.head()[1]
    if not branch:
        raise WorkTreeError("HEAD is detached; set targetBranch to say where to push.")
    target = check_ref_name(branch)
    return branch, target if target.startswith("refs/") else f"{_HEADS}{target}"


def _tracking(target: str) -> str:
    return f"{_TRACKING}{target.removeprefix(_HEADS)}"
