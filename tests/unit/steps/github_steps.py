"""Runs one GitHub step against the fake GitHub, and reads what came of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.registry import Registry
from promotions.engine.runner import EffectingRunner, StepContext, StepError, StepResult, StepRunner
from promotions.engine.schema import ConfigSchema
from promotions.ports.metadata import MetadataKind
from promotions.ports.origin import StepOrigin
from promotions.steps.gh_create_issue import GhCreateIssue
from promotions.steps.gh_issue_add_comment import GhIssueAddComment
from promotions.steps.gh_issue_delete_comment import GhIssueDeleteComment
from promotions.steps.gh_issue_update_comment import GhIssueUpdateComment
from promotions.steps.gh_search_issues import GhSearchIssues
from promotions.steps.gh_update_issue import GhUpdateIssue
from promotions.steps.gh_wait_for_issue_state import GhWaitForIssueState
from promotions.steps.gha_dispatch_workflow import GhaDispatchWorkflow
from promotions.steps.gha_wait_for_workflow import GhaWaitForWorkflow
from tests.fakes.git_ports import FixedCredentials, FixedIdentity
from tests.fakes.github_issues import new_item
from tests.fakes.github_site import GitHubSite
from tests.fakes.step_stores import FakeIntents
from tests.unit.steps.contexts import NOW, context


@dataclass
class FreightMetadata(FixedIdentity):
    """The metadata of one Freight: a control plane that reads it and a store that writes it."""

    values: dict[str, object] = field(default_factory=dict)
    failure: Exception | None = None

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return {key: value for key, value in self.values.items() if isinstance(value, int | str)}

    def upsert(
        self, origin: StepOrigin, *, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        assert (kind, name) == (MetadataKind.FREIGHT, "f1")
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self.values.update(values)

    def set_freight_alias(self, origin: StepOrigin, *, name: str, alias: str) -> str:
        raise AssertionError("nobody should rename the Freight here")


@dataclass
class Steps:
    """The GitHub steps of a promotion, by kind; ``state`` is what they have put out so far."""

    site: GitHubSite
    workdir: Path
    metadata: FreightMetadata = field(default_factory=FreightMetadata)
    state: dict[str, JSONObject] = field(default_factory=dict)
    now: datetime = NOW
    credentials: FixedCredentials | None = None
    intents: FakeIntents = field(default_factory=FakeIntents)

    def runner(self, kind: str) -> StepRunner:
        github, credentials = self.site.gateway, self.credentials or self.site.credentials
        runners: tuple[StepRunner, ...] = (
            GhCreateIssue(github, credentials, self.metadata, self.metadata),
            GhIssueAddComment(github, credentials),
            GhIssueDeleteComment(github, credentials),
            GhIssueUpdateComment(github, credentials),
            GhSearchIssues(github, credentials),
            GhUpdateIssue(github, credentials),
            GhWaitForIssueState(github, credentials),
            GhaDispatchWorkflow(github, credentials, self.intents),
            GhaWaitForWorkflow(github, credentials),
        )
        return Registry(runners).find(kind)

    def run(self, kind: str, config: JSONObject) -> StepResult:
        """Run the step as the engine would, and keep its output for the next time."""
        runner, asked = self.runner(kind), self.context(config)
        ConfigSchema(kind, runner.schema).check(asked.config)
        result = runner.run(asked)
        if result.output is not None:
            self.state["step-1"] = result.output
        return result

    def output(self, kind: str, config: JSONObject) -> JSONObject:
        return self.run(kind, config).output or {}

    def failure(self, kind: str, config: JSONObject) -> StepError:
        with pytest.raises(StepError) as caught:
            self.run(kind, config)
        assert "ghp_" not in caught.value.message
        return caught.value

    def would(self, kind: str, config: JSONObject) -> str:
        runner = self.runner(kind)
        assert isinstance(runner, EffectingRunner)
        return runner.would(self.context(config))

    def is_valid(self, kind: str, config: JSONObject) -> bool:
        schema = ConfigSchema(kind, self.runner(kind).schema)
        return not schema.problems(self.context(config).config)

    def context(self, config: JSONObject) -> StepContext:
        asked = context(self.workdir, {"repoURL": self.site.url, **config})
        return replace(asked, state=self.state, now=self.now)

    def issue(self, *, body: str = "") -> int:
        """Open an issue, as anybody might, and return its number."""
        repository = self.site.repository
        item = new_item(self.site.github, repository, "An issue", kind="issues")
        item["body"] = body or None
        return max(repository.items)


def is_final(error: StepError) -> bool:
    """Return whether the step failed for good; otherwise it only erred and may be tried again."""
    assert error.failed == error.terminal
    return error.terminal
