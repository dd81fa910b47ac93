"""``git-push``: pushes a work tree's commits, taking in what others pushed meanwhile."""

import logging
from dataclasses import dataclass
from typing import ClassVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_text
from common.redaction import redact
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepResult
from promotions.engine.scm.commit_urls import commit_url
from promotions.engine.scm.providers import GitProvider, detect_provider
from promotions.ports.credentials import CredentialStore
from promotions.ports.workspaces import PushRequest, Workspaces
from promotions.steps.support.git import git_errors, joined, remote_for, waits_for_hosts

logger = logging.getLogger(__name__)

_DEFAULT_ATTEMPTS = 10
_NO_TEXT: JSONObject = {"enum": ["", None]}
_NO: JSONObject = {"enum": [False, None]}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "GitPushConfig",
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
        "tag": {"type": "string", "description": "Push this tag instead of a branch."},
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
        "provider": {
            "type": "string",
            "enum": [provider.value for provider in GitProvider],
            "description": "Who hosts the repository; default: what the address tells.",
        },
    },
    "oneOf": [
        {
            "required": ["generateTargetBranch"],
            "properties": {
                "generateTargetBranch": {"const": True},
                "targetBranch": _NO_TEXT,
                "tag": _NO_TEXT,
            },
        },
        {
            "required": ["targetBranch"],
            "properties": {
                "generateTargetBranch": _NO,
                "targetBranch": {"minLength": 1},
                "tag": _NO_TEXT,
            },
        },
        {
            "required": ["tag"],
            "properties": {
                "generateTargetBranch": _NO,
                "targetBranch": _NO_TEXT,
                "tag": {"minLength": 1},
                "force": _NO,
            },
        },
        {
            "properties": {
                "generateTargetBranch": _NO,
                "targetBranch": _NO_TEXT,
                "tag": _NO_TEXT,
            }
        },
    ],
}


@dataclass(frozen=True, slots=True)
class GitPush(StepDefaults):
    """Pushes HEAD or a tag; pushing again what is there already succeeds.

    Source: Kargo's ``git-push`` step.
    """

    workspaces: Workspaces
    credentials: CredentialStore

    kind: ClassVar[str] = "git-push"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    @waits_for_hosts
    def run(self, context: StepContext) -> StepResult:
        """Push, and put out ``commit``, ``branch`` and, if it can be told, ``commitURL``.

        Raises:
            StepError: Failed and terminal on a conflict; Errored on all that may pass.
        """
        path = joined(context, context.config.get("path"))
        with git_errors(context):
            repo_url = self.workspaces.original_url(workdir=context.workdir, path=path)
            pushed = self.workspaces.push(self._request(context, path=path, repo_url=repo_url))
        page = _page(context, repo_url=repo_url, commit=pushed.commit)
        return StepResult(
            output={
                "commit": pushed.commit,
                **({"branch": pushed.branch} if pushed.branch else {}),
                **({"commitURL": page} if page else {}),
            }
        )

    def would(self, context: StepContext) -> str:
        """Name the branch or tag that would be pushed, and where."""
        path = joined(context, context.config.get("path"))
        with git_errors(context):
            repo_url = self.workspaces.original_url(workdir=context.workdir, path=path)
            current = self.workspaces.head(workdir=context.workdir, path=path).branch
        request = self._request(context, path=path, repo_url=repo_url)
        target = f"tag {request.tag}" if request.tag else request.branch or current
        return f"{'force-push' if request.force else 'push'} {target} to {redact(repo_url)}"

    def _request(self, context: StepContext, *, path: str, repo_url: str) -> PushRequest:
        config = context.config
        generated = config.get("generateTargetBranch") is True
        branch = as_text(config.get("targetBranch"))
        attempts = config.get("maxAttempts")
        return PushRequest(
            workdir=context.workdir,
            path=path,
            remote=remote_for(repo_url, context, credentials=self.credentials),
            branch=f"kargo/promotion/{context.promotion}" if generated else branch,
            tag=as_text(config.get("tag")),
            force=generated or config.get("force") is True,
            max_attempts=attempts if isinstance(attempts, int) else _DEFAULT_ATTEMPTS,
        )


def _page(context: StepContext, *, repo_url: str, commit: str) -> str:
    """Return the commit's page, or nothing: it is a convenience and never fails the step."""
    named = as_text(context.config.get("provider"))
    try:
        provider = GitProvider(named) if named else detect_provider(repo_url)
        return commit_url(repo_url, commit, provider=provider) if provider else ""
    except (InvalidError, ValueError):
        logger.info("no page known for the commit", extra={"promotion": context.promotion})
        return ""
