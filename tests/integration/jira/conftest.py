"""A world for each test."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.gateways.jira import JiraCloud
from promotions.steps.jira import JiraStep
from tests.fakes.jira import TOKEN, USER, FakeJira
from tests.fakes.scm_server import serving_api
from tests.fakes.step_stores import FakeIntents, FakeMetadata
from tests.integration.jira.world import FREIGHT, POLICY, Secrets, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    site = FakeJira()
    with serving_api(site) as server:
        secret: JSONObject = {"domain": server.url, "username": USER, "password": TOKEN}
        secrets = Secrets(known={("jira", False): secret, ("common", True): secret})
        metadata = FakeMetadata(objects={FREIGHT: {}})
        intents = FakeIntents()
        jira = JiraCloud(POLICY, allow_over_http=True, max_wait=timedelta(0))
        step = JiraStep(jira, secrets, metadata, intents)
        yield World(tmp_path, site, server, secrets, metadata, intents, step)
