"""Runs one pull request step in a process of its own, which a test kills.

Called with one JSON object: the step's kind and configuration, the token, the APIs' addresses,
and the branches as Git would list them.
"""

import json
import sys
from datetime import UTC, datetime

from common.egress import EgressPolicy
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.runner import StepContext, StepRunner
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.credentials import Credential
from promotions.ports.git import RefListing
from promotions.steps.git_merge_pr import GitMergePR
from promotions.steps.git_open_pr import GitOpenPR
from tests.fakes.git_ports import FixedCredentials, ListedRepositories


def run(order: dict[str, dict[str, str]], *, kind: str, token: str) -> None:
    """Run the step once and print its output."""
    config = order["config"]
    credentials = FixedCredentials({config["repoURL"]: Credential("bot", token)})
    urls = {GitProvider(name): url for name, url in order["urls"].items()}
    policy = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
    providers = HostedProviders(policy, urls)
    refs = {f"refs/heads/{name}": commit for name, commit in order["branches"].items()}
    messages = dict.fromkeys(order["branches"].values(), "Use v2")
    repositories = ListedRepositories(RefListing("main", refs), messages=messages)
    steps: dict[str, StepRunner] = {
        "git-open-pr": GitOpenPR(repositories, credentials, providers),
        "git-merge-pr": GitMergePR(credentials, providers),
    }
    context = StepContext(
        workdir="/nonexistent",
        alias="step",
        config=config,
        tenant_uid="tenant",
        project="demo",
        stage="test",
        promotion="test.01",
        promotion_uid="uid",
        target_freight=FreightReference(name="f", origin=FreightOrigin(name="w")),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    sys.stdout.write(json.dumps(steps[kind].run(context).output))


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    run(given, kind=given["kind"], token=given["token"])
