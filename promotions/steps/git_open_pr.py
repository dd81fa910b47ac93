"""``git-open-pr``: opens a pull request, or adopts the one that is there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from common.redaction import mask_secrets, redact
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.engine.scm.pull_requests import pull_request_text, same_commit, stage_page
from promotions.ports.credentials import CredentialStore
from promotions.ports.git import GitRepositories, Remote
from promotions.ports.scm import (
    NewPullRequest,
    PullRequest,
    PullRequestFilter,
    PullRequestQuery,
    PullRequests,
    ScmProviders,
    ScmRefusedError,
    ScmUnavailableError,
)
from promotions.steps.support.pull_requests import REPOSITORY_SCHEMA, Hosting, erring, shown

_TEXT: JSONObject = {"type": "string", "minLength": 1}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)

SCHEMA: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["repoURL", "sourceBranch", "targetBranch"],
    "properties": {
        **REPOSITORY_SCHEMA,
        "sourceBranch": _TEXT,
        "targetBranch": _TEXT,
        "title": _TEXT,
        "description": _TEXT,
        "labels": {"type": "array", "items": _TEXT},
        "createTargetBranch": {"type": "boolean", "description": "Has no effect any more."},
    },
}


@dataclass(frozen=True, slots=True)
class GitOpenPR(StepDefaults):
    """Opens one pull request, however often it is invoked.

    Source: Kargo's ``git-open-pr`` step; it also adopts what was merged meanwhile.
    """

    repositories: GitRepositories
    credentials: CredentialStore
    scm: ScmProviders

    kind: ClassVar[str] = "git-open-pr"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Put out ``pr``; nothing, as Skipped, if the branches hold the same files.

        Raises:
            StepError: A branch is missing, or Git or the provider did not do it; Errored.
        """
        earlier = _earlier(context)
        if earlier:
            return StepResult(output=earlier)
        hosting = Hosting(self.credentials, self.scm)
        remote = hosting.remote(context)
        pull_requests = hosting.pull_requests(context)
        source, target = self._heads(context, remote)
        with erring("error determining if pull request already exists", context):
            found = _to_adopt(pull_requests, context, source)
        if found is not None:
            return _adopted(pull_requests, found, context)
        if not target:
            missing = as_text(context.config["targetBranch"])
            raise StepError(f'target branch "{missing}" does not exist')
        with erring("error comparing the branches", context):
            if self.repositories.same_content(remote, source, target):
                return StepResult(StepStatus.SKIPPED)
            message = self.repositories.commit_message(remote, source)
        with erring("error creating pull request", context):
            opened = _opened(pull_requests, _request(context, message))
        return StepResult(output={"pr": shown(opened)})

    def would(self, context: StepContext) -> str:
        """Name the branches and the repository; nothing if it was opened before."""
        if _earlier(context):
            return ""
        config = context.config
        branches = f"from {config['sourceBranch']} to {config['targetBranch']}"
        return f"open a pull request {branches} of {redact(as_text(config['repoURL']))}"

    def _heads(self, context: StepContext, remote: Remote) -> tuple[str, str]:
        """Return the commits of both branches; the target's is empty if it is missing."""
        with erring(f"error reading the branches of {redact(remote.url)}", context):
            listing = self.repositories.list_refs(remote)
        name = as_text(context.config["sourceBranch"])
        source = listing.branch(name)
        if not source:
            raise StepError(f'source branch "{name}" does not exist')
        return source, listing.branch(as_text(context.config["targetBranch"]))


def _earlier(context: StepContext) -> JSONObject:
    """Return what this step put out when it was run before, if that has a pull request.

    Raises:
        StepError: It is nothing that this step puts out.
    """
    stored = context.state.get(context.alias)
    if stored is None:
        return {}
    if not isinstance(stored, Mapping):
        raise StepError(f'output from step with alias "{context.alias}" is not an object')
    number = as_object(stored.get("pr")).get("id")
    if number is None:
        return {}
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise StepError(
            f'the pull request id in the output from step with alias "{context.alias}"'
            " is not a number"
        )
    return stored


def _to_adopt(pull_requests: PullRequests, context: StepContext, head: str) -> PullRequest | None:
    """Return the pull request that makes another one needless: open, or merged with this head.

    An open one follows its branch, though a provider may show the head that it had before.
    """
    query = PullRequestQuery(
        state=PullRequestFilter.ANY,
        source=as_text(context.config["sourceBranch"]),
        target=as_text(context.config["targetBranch"]),
    )
    found = pull_requests.find(query)
    return _best(it for it in found if it.is_open or same_commit(it.head_commit, head))


def _adopted(pull_requests: PullRequests, found: PullRequest, context: StepContext) -> StepResult:
    """Put out a pull request that is there, with the labels that it should have."""
    labels = _texts(context.config.get("labels", ()))
    if found.is_open and labels:
        with erring("error labelling pull request", context):
            pull_requests.label(found.number, labels)
    return StepResult(output={"pr": shown(found)})


def _best(found: Iterable[PullRequest]) -> PullRequest | None:
    """Return which to adopt: an open one before one that is merged, the newest first."""
    fit = [it for it in found if it.is_open or it.is_merged]
    return max(fit, key=lambda it: (it.is_open, it.created_at or _LONG_AGO), default=None)


def _request(context: StepContext, commit_message: str) -> NewPullRequest:
    config = context.config
    text = pull_request_text(
        commit_message,
        title=as_text(config.get("title")),
        description=as_text(config.get("description")),
        stage_url=stage_page(context.ui_base_url, project=context.project, stage=context.stage),
    )
    return NewPullRequest(
        title=mask_secrets(text.title),
        description=mask_secrets(text.description),
        source=as_text(config["sourceBranch"]),
        target=as_text(config["targetBranch"]),
        labels=_texts(config.get("labels", ())),
    )


def _texts(values: JSONValue) -> tuple[str, ...]:
    return tuple(as_text(it) for it in as_list(values))


def _opened(pull_requests: PullRequests, request: NewPullRequest) -> PullRequest:
    """Open a pull request, or return the one that is open all the same.

    The answer may have been lost on its way, or somebody else may have been quicker.

    Raises:
        ScmError: It was not opened, and none is open.
    """
    try:
        return pull_requests.create(request)
    except (ScmRefusedError, ScmUnavailableError):
        query = PullRequestQuery(source=request.source, target=request.target)
        found = _best(pull_requests.find(query))
        if found is None:
            raise
        return found
