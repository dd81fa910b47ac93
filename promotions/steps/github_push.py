"""``github-push``: pushes commits through GitHub's API, so that GitHub can vouch for them."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, as_text
from common.redaction import redact
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.engine.scm.commit_urls import commit_url
from promotions.engine.scm.providers import GitProvider
from promotions.ports.credentials import CredentialStore
from promotions.ports.git import Remote, WorkTreeError
from promotions.ports.github import Comparison, GitHub, GitHubCommits
from promotions.ports.scm import RepositoryAccess
from promotions.ports.workspaces import PushRequest, Workspaces
from promotions.steps.support.git import git_errors, joined, remote_for, waits_for_hosts
from promotions.steps.support.github_replay import is_replayed, replay

logger = logging.getLogger(__name__)

STAGING = "refs/kargo/staging/"
"""Where a promotion's commits wait on GitHub; nobody sees refs outside branches and tags."""

_DEFAULT_ATTEMPTS = 10
_FIRST_PAUSE = 1.0
_GROWTH = 1.5
_LONGEST_PAUSE = 30.0
_IDENTICAL = "identical"
_LAGGING = {
    "behind": "the local branch is behind it",
    "diverged": "it and the local branch have diverged",
}
_STATUSES = frozenset({_IDENTICAL, "ahead", *_LAGGING})
_NO_TEXT: JSONObject = {"enum": ["", None]}
_NO: JSONObject = {"enum": [False, None]}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "GitHubPushConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "The work tree to push."},
        "targetBranch": {
            "type": "string",
            "description": "Where to push; default: the branch that is checked out.",
        },
        "generateTargetBranch": {
            "type": "boolean",
            "description": "Push to a branch named for this promotion, replacing it.",
        },
        "force": {
            "type": "boolean",
            "default": False,
            "description": "Replace the remote branch; commits only it has are lost.",
        },
        "maxAttempts": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2147483647,
            "description": "How often to try while others move the branch; default 10.",
        },
        "insecureSkipTLSVerify": {
            "type": "boolean",
            "default": False,
            "description": "Accept any certificate of GitHub's API.",
        },
    },
    "oneOf": [
        {
            "required": ["generateTargetBranch"],
            "properties": {"generateTargetBranch": {"const": True}, "targetBranch": _NO_TEXT},
        },
        {
            "required": ["targetBranch"],
            "properties": {"generateTargetBranch": _NO, "targetBranch": {"minLength": 1}},
        },
        {"properties": {"generateTargetBranch": _NO, "targetBranch": _NO_TEXT}},
    ],
}


@dataclass(frozen=True, slots=True)
class GitHubPushPolicy:
    """What the operator says about pushes through GitHub's API.

    Attributes:
        max_revisions: Most commits in one push (``GITHUB_PUSH_MAX_REVISIONS``).
        verify_untrusted: Let GitHub sign also what no trusted key has signed
            (``GITHUB_PUSH_VERIFY_UNTRUSTED_COMMITS``).
    """

    max_revisions: int = 10
    verify_untrusted: bool = False


@dataclass(frozen=True, slots=True)
class GithubPush(StepDefaults):
    """Makes HEAD's commits again on GitHub and moves the branch to them.

    Source: Kargo's ``github-push`` step.

    Attributes:
        sleep: Waits for so many seconds.
        chance: Returns a number from 0 to 1.
    """

    workspaces: Workspaces
    credentials: CredentialStore
    github: GitHub
    policy: GitHubPushPolicy = GitHubPushPolicy()
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    kind: ClassVar[str] = "github-push"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    @waits_for_hosts
    def run(self, context: StepContext) -> StepResult:
        """Push, and put out ``commit``, ``branch`` and ``commitURL``.

        Raises:
            StepError: Failed and terminal on a conflict or without a token; Errored and terminal
                on too many commits; Errored on all that may pass.
        """
        path = joined(context, context.config.get("path"))
        with git_errors(context):
            repo_url = self.workspaces.original_url(workdir=context.workdir, path=path)
            remote = remote_for(repo_url, context, credentials=self.credentials)
            request = self._request(context, path=path, remote=remote)
        github = self._opened(context, remote)
        with git_errors(context):
            try:
                self._push(request, github)
                pushed = self.workspaces.adopt(request)
            finally:
                self._clean_up(context, request)
        page = commit_url(repo_url, pushed.commit, provider=GitProvider.GITHUB)
        return StepResult(
            output={"commit": pushed.commit, "branch": request.branch, "commitURL": page}
        )

    def would(self, context: StepContext) -> str:
        """Name the branch that would be pushed, and where."""
        path = joined(context, context.config.get("path"))
        with git_errors(context):
            repo_url = self.workspaces.original_url(workdir=context.workdir, path=path)
            request = self._request(context, path=path, remote=Remote(repo_url))
        verb = "force-push" if request.force else "push"
        return f"{verb} {request.branch} to {redact(repo_url)} through GitHub's API"

    def _request(self, context: StepContext, *, path: str, remote: Remote) -> PushRequest:
        config = context.config
        generated = config.get("generateTargetBranch") is True
        branch = as_text(config.get("targetBranch")).removeprefix("refs/heads/")
        if generated:
            branch = f"kargo/promotion/{context.promotion}"
        branch = branch or self.workspaces.head(workdir=context.workdir, path=path).branch
        if not branch:
            raise WorkTreeError("HEAD is detached; set targetBranch to say where to push.")
        attempts = config.get("maxAttempts")
        return PushRequest(
            workdir=context.workdir,
            path=path,
            remote=remote,
            branch=branch,
            force=generated or config.get("force") is True,
            max_attempts=attempts if isinstance(attempts, int) else _DEFAULT_ATTEMPTS,
        )

    def _opened(self, context: StepContext, remote: Remote) -> "_GitHubRepository":
        shown = redact(remote.url)
        if remote.credential is None:
            words = f"no credentials found for {shown}"
            raise StepError(words, failed=True, terminal=True)
        if not remote.credential.password:
            words = f"credentials for {shown} are missing a password/token"
            raise StepError(words, failed=True, terminal=True)
        access = RepositoryAccess(
            url=remote.url,
            provider=GitProvider.GITHUB,
            credential=remote.credential,
            insecure_skip_tls_verify=context.config.get("insecureSkipTLSVerify") is True,
        )
        try:
            commits = self.github.commits(access)
        except InvalidError as error:
            raise StepError(f"error parsing repository URL: {error}") from error
        return _GitHubRepository(commits, f"{STAGING}{context.promotion}")

    def _push(self, request: PushRequest, github: "_GitHubRepository") -> None:
        reason = ""
        for attempt in range(1, request.max_attempts + 1):
            with github.commits.turn(request.branch):
                reason = self._attempt(request, github)
            if not reason:
                return
            if attempt < request.max_attempts:
                self.sleep(self._pause(attempt))
        raise StepError(
            f'"{request.branch}" kept moving on the remote; gave up after {request.max_attempts}'
            f" attempts: {reason}."
        )

    def _attempt(self, request: PushRequest, github: "_GitHubRepository") -> str:
        """Push once, and return why to try again; empty if it is done."""
        found = self._look(request, github)
        if found.is_lagging and not request.force:
            if is_replayed(found.compared):
                return ""
            self.workspaces.integrate(request)
            found = self._look(request, github)
        if found.target and found.compared.status == _IDENTICAL:
            return ""
        if found.is_lagging and not request.force:
            return _LAGGING[found.compared.status]
        self._check(found)
        signatures = self.workspaces.signatures(
            workdir=request.workdir,
            path=request.path,
            commits=[commit.id for commit in found.compared.commits],
        )
        head = replay(
            found.compared.commits,
            onto=found.compared.merge_base,
            signatures=signatures,
            github=github.commits,
            verify_untrusted=self.policy.verify_untrusted,
        )
        return _moved(request, github.commits, head=head, is_new=not found.target)

    def _look(self, request: PushRequest, github: "_GitHubRepository") -> "_View":
        """Show GitHub our commits, and return how they stand to the target branch."""
        staged = self.workspaces.push(replace(request, branch=github.staging, force=True))
        target = github.commits.ref(f"heads/{request.branch}")
        base = target or self._base(request, github.commits)
        limit = self.policy.max_revisions
        compared = github.commits.compare(base, staged.commit, limit=limit)
        return _View(target=target, base=base, head=staged.commit, compared=compared)

    def _base(self, request: PushRequest, commits: GitHubCommits) -> str:
        """Return what to compare with if the target branch does not exist yet."""
        current = self.workspaces.head(workdir=request.workdir, path=request.path).branch
        found = commits.ref(f"heads/{current}") if current else ""
        return found or commits.ref(f"heads/{commits.default_branch()}")

    def _check(self, found: "_View") -> None:
        compared = found.compared
        if compared.status not in _STATUSES:
            raise StepError(
                f'unexpected comparison status "{compared.status}" for {found.base}..{found.head}',
                terminal=True,
            )
        if compared.total > self.policy.max_revisions:
            raise StepError(
                f"commit range {compared.merge_base}..{found.head} contains {compared.total}"
                " commits, which exceeds the configured maximum of"
                f" {self.policy.max_revisions}",
                terminal=True,
            )
        for index, commit in enumerate(compared.commits):
            if not commit.tree:
                raise StepError(f"commit {index} in range has missing tree information")

    def _clean_up(self, context: StepContext, request: PushRequest) -> None:
        try:
            staging = f"{STAGING}{context.promotion}"
            self.workspaces.delete_ref(replace(request, branch=staging))
        except (PlatformError, OSError):
            logger.warning(
                "the staging ref could not be deleted",
                exc_info=True,
                extra={"promotion": context.promotion},
            )

    def _pause(self, attempt: int) -> float:
        pause = min(_FIRST_PAUSE * _GROWTH ** (attempt - 1), _LONGEST_PAUSE)
        return min(pause * (0.5 + self.chance()), _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class _GitHubRepository:
    """Where to push: the commits on GitHub, and the full ref that they wait at."""

    commits: GitHubCommits
    staging: str


@dataclass(frozen=True, slots=True)
class _View:
    """How our commits stand on GitHub.

    Attributes:
        target: The commit that the target branch is at; empty if there is no such branch.
        base: What ``head`` was compared with.
    """

    target: str
    base: str
    head: str
    compared: Comparison

    @property
    def is_lagging(self) -> bool:
        """Whether the target branch has commits that we have not."""
        return bool(self.target) and self.compared.status in _LAGGING


def _moved(request: PushRequest, commits: GitHubCommits, *, head: str, is_new: bool) -> str:
    """Point the branch at ``head``, and return why that could not be; empty if it is done."""
    ref = f"heads/{request.branch}"
    if is_new:
        return "" if commits.create_ref(ref, head) else "it was created meanwhile"
    if commits.update_ref(ref, head, force=request.force):
        return ""
    return "the update was no fast-forward"
