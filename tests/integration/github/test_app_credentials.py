import json
from dataclasses import dataclass, field

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONValue
from projects.models import Secret
from promotions.manifests.secret import REDACTED, to_manifest
from promotions.ports.credentials import Credential, CredentialType, GitHubApp
from promotions.selectors.credentials import TOKEN_SCOPES, DatabaseCredentials
from promotions.services.apply import ApplyReport
from tests.factories.domain import make_tenant
from tests.fakes.github_apps import new_key
from tests.integration.manifests.support import PROJECT, apply_well, changed

pytestmark = pytest.mark.django_db

KEY, _ = new_key()
URL = "https://github.com/Octo/Config.git"
APP = {
    "repoURL": URL,
    "githubAppClientID": "Iv1.app",
    "githubAppInstallationID": "7",
    "githubAppPrivateKey": KEY,
}
SECRET = f"""
apiVersion: v1
kind: Secret
metadata:
  name: app
  namespace: demo
  labels: {{kargo.akuity.io/cred-type: git}}
stringData: {json.dumps(APP)}
"""


@dataclass
class NotedTokens:
    """Gives a token and notes for what."""

    asked: list[tuple[GitHubApp, str]] = field(default_factory=list)

    def token(self, app: GitHubApp, *, repo_url: str) -> str:
        self.asked.append((app, repo_url))
        return "ghs_token"


@dataclass
class Lookup:
    tokens: NotedTokens = field(default_factory=NotedTokens)
    allow_over_http: bool = False

    def find(
        self, url: str = URL, *, project: str = "demo", kind: CredentialType = CredentialType.GIT
    ) -> Credential | None:
        store = DatabaseCredentials(self.tokens, allow_over_http=self.allow_over_http)
        return store.find(
            tenant_uid=str(make_tenant().uid), project=project, kind=kind, repo_url=url
        )


@pytest.fixture
def lookup() -> Lookup:
    return Lookup()


def store(values: dict[str, str] = APP, **changes: object) -> ApplyReport:
    return apply_well(PROJECT, changed(SECRET, stringData=values, **changes))


def without(*keys: str, **more: str) -> dict[str, str]:
    return {**{key: value for key, value in APP.items() if key not in keys}, **more}


def test_an_app_gives_the_user_kargo_and_a_token_under_a_name_that_stays(lookup: Lookup) -> None:
    store()

    found = lookup.find()

    secret = Secret.objects.get()
    assert found == Credential("kargo", "ghs_token", name=f"github-app/{secret.uid}")
    ((app, url),) = lookup.tokens.asked
    assert (app.id, app.installation_id, app.private_key) == ("Iv1.app", 7, KEY)
    assert app.owner == f"{make_tenant().pk}/{secret.uid}"
    assert url == "https://github.com/octo/config"


def test_the_older_app_id_will_do(lookup: Lookup) -> None:
    store(without("githubAppClientID", githubAppID="1234"))

    lookup.find()

    assert lookup.tokens.asked[0][0].id == "1234"


def test_the_manifest_shows_no_key_and_written_back_changes_nothing(lookup: Lookup) -> None:
    store()
    shown = to_manifest(Secret.objects.get())

    assert shown["stringData"] == {**dict.fromkeys(APP, REDACTED), "repoURL": URL}
    store({**dict.fromkeys(APP, REDACTED), "repoURL": URL})
    assert lookup.find() is not None


@pytest.mark.parametrize(
    "missing", ["githubAppClientID", "githubAppInstallationID", "githubAppPrivateKey"]
)
def test_half_an_app_is_none(lookup: Lookup, missing: str) -> None:
    store(without(missing))

    assert lookup.find() is None


def test_a_password_comes_before_an_app_and_an_app_before_an_ssh_key(lookup: Lookup) -> None:
    store({**APP, "username": "bob", "password": "pw", "sshPrivateKey": "key"})
    assert lookup.find() == Credential("bob", "pw")
    store({**APP, "sshPrivateKey": "key"})

    found = lookup.find()

    assert found is not None
    assert found.username == "kargo"


def test_an_app_is_for_git_over_http_alone(lookup: Lookup) -> None:
    pattern = without("repoURL", repoURL="config", repoURLIsRegex="true", sshPrivateKey="key")
    store(pattern)

    assert lookup.find("git@github.com:octo/config.git") == Credential(ssh_private_key="key")
    assert lookup.find("http://github.example.com/octo/config") is None
    lookup.allow_over_http = True
    assert lookup.find("http://github.example.com/octo/config") is not None
    assert lookup.find("https://github.com/config") is None
    store(pattern, metadata__labels={"kargo.akuity.io/cred-type": "image"})
    image = lookup.find("https://ghcr.io/octo/config", kind=CredentialType.IMAGE)
    assert image == Credential(ssh_private_key="key")


@pytest.mark.parametrize(
    ("scopes", "is_allowed"),
    [
        ({"demo": ["config"]}, True),
        ({"demo": ["other", "Config"]}, True),
        ({"demo": ["other"]}, False),
        ({"demo": []}, False),
        ({"demo": None}, False),
        ({"another": ["config"]}, False),
        ({}, False),
    ],
)
def test_an_annotation_limits_the_repositories_of_a_project(
    lookup: Lookup, scopes: JSONValue, *, is_allowed: bool
) -> None:
    store(
        metadata__namespace="kargo-shared-resources",
        metadata__annotations={TOKEN_SCOPES: json.dumps(scopes)},
    )

    assert (lookup.find() is not None) is is_allowed


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"demo": "config"}', '{"demo": {"a": 1}}'])
def test_a_malformed_annotation_is_an_error(lookup: Lookup, text: str) -> None:
    store(metadata__annotations={TOKEN_SCOPES: text})

    with pytest.raises(InvalidError, match=TOKEN_SCOPES):
        lookup.find()
    assert lookup.tokens.asked == []


@pytest.mark.parametrize("number", ["seven", "7.0", "-7", "9" * 5000, "\u0667"])
def test_an_installation_that_is_no_number_is_an_error(lookup: Lookup, number: str) -> None:
    store(without(githubAppInstallationID=number))

    with pytest.raises(InvalidError, match='githubAppInstallationID of Secret "app"'):
        lookup.find()


def test_secrets_of_two_tenants_are_two_owners(lookup: Lookup) -> None:
    store()
    lookup.find()
    apply_well(PROJECT, SECRET, tenant=make_tenant("other"))
    DatabaseCredentials(lookup.tokens).find(
        tenant_uid=str(make_tenant("other").uid),
        project="demo",
        kind=CredentialType.GIT,
        repo_url=URL,
    )

    ours, theirs = lookup.tokens.asked

    assert ours[0].owner != theirs[0].owner
