"""A Jira to work on, and a step that knows how to get in."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult
from promotions.engine.schema import ConfigSchema
from promotions.ports.metadata import MetadataKind
from promotions.steps.jira import JiraStep
from promotions.steps.support.jira_schema import SCHEMA
from tests.fakes.git_ports import FixedIdentity
from tests.fakes.jira import TOKEN, FakeJira
from tests.fakes.scm_server import ApiServer
from tests.fakes.step_stores import FakeIntents, FakeMetadata
from tests.unit.steps.contexts import NOW, context

POLICY = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
SECRET: JSONObject = {"secretName": "jira"}
FREIGHT = (MetadataKind.FREIGHT, "f1")
NEW: JSONObject = {"projectKey": "PROMOTE", "summary": "Promote v1"}
DOCUMENT: JSONObject = {
    "type": "doc",
    "version": 1,
    "content": [{"type": "heading", "attrs": {"level": 3}, "content": []}],
}


@dataclass
class Secrets(FixedIdentity):
    """A control plane with Secrets, by name and whether they are shared."""

    known: dict[tuple[str, bool], JSONObject] = field(default_factory=dict)

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        return self.known.get((name, shared), {})


@dataclass
class World:
    """A Jira, and a step that knows how to get in."""

    workdir: Path
    site: FakeJira
    server: ApiServer
    secrets: Secrets
    metadata: FakeMetadata
    intents: FakeIntents
    step: JiraStep
    state: dict[str, JSONValue] = field(default_factory=dict)
    now: datetime = NOW

    def run(self, **operation: JSONValue) -> StepResult:
        config: JSONObject = {"credentials": SECRET, **operation}
        ConfigSchema("jira", SCHEMA).check(config)
        return self.step.run(replace(context(self.workdir, config), state=self.state, now=self.now))

    def fails(self, message: str, **operation: JSONValue) -> StepError:
        with pytest.raises(StepError, match=message) as caught:
            self.run(**operation)
        assert TOKEN not in caught.value.message
        return caught.value
