from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from common.clock import now
from promotions.gateways.github.access import GitHubSettings
from promotions.gateways.github.tokens import AppTokens
from promotions.ports.credentials import Credential, CredentialType
from promotions.selectors.credentials import DatabaseCredentials
from promotions.steps.github_push import GitHubPushPolicy
from tests.factories.domain import make_tenant
from tests.fakes.github_apps import new_key
from tests.fakes.github_site import LOOPBACK, GitHubSite
from tests.integration.github.pushes import promotion_at
from tests.integration.manifests.support import PROJECT, apply_well, changed

pytestmark = pytest.mark.django_db

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: app, namespace: demo, labels: {kargo.akuity.io/cred-type: git}}
"""


@dataclass
class InTenant:
    """Looks up in the default tenant, whatever the step's context names."""

    store: DatabaseCredentials

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        uid = str(make_tenant().uid)
        return self.store.find(tenant_uid=uid, project=project, kind=kind, repo_url=repo_url)


def test_an_app_clones_commits_and_pushes_verified_and_its_tokens_share_a_mirror(
    site: GitHubSite,
) -> None:
    private, public = new_key()
    site.github.apps["Iv1.app"] = public
    site.github.installations[7] = ("Iv1.app", ("Config",))
    values = {
        "repoURL": site.url,
        "githubAppClientID": "Iv1.app",
        "githubAppInstallationID": "7",
        "githubAppPrivateKey": private,
    }
    apply_well(PROJECT, changed(SECRET, stringData=values))
    ahead = [timedelta(0)]
    tokens = AppTokens(GitHubSettings(LOOPBACK), clock=lambda: now() + ahead[0])
    site.github.clock = tokens.clock

    with promotion_at(site) as promotion:
        promotion.policy = GitHubPushPolicy(verify_untrusted=True)
        store = DatabaseCredentials(tokens, allow_over_http=True)
        running = replace(promotion, credentials=InTenant(store))  # type: ignore[arg-type] # it finds what FixedCredentials finds
        for text in ("tag: v2\n", "tag: v3\n"):
            running.clone()
            running.edit(text)
            running.commit(text)
            running.github_push()
            ahead[0] += timedelta(hours=2)

    assert running.verified() == ["tag: v3", "tag: v2"]
    assert len(site.server.sent("POST", "/access_tokens")) == 2
    assert len([*(site.root / "cache").glob("**/*.git/HEAD")]) == 1
