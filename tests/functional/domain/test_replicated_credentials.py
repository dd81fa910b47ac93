"""Repository credentials among a project's own Secrets and replicas of shared ones."""

import pytest

from common.clock import now as read_clock
from common.jsontypes import JSONObject
from projects.models import Project
from promotions.ports.credentials import CredentialType, GitHubApp
from promotions.selectors.credentials import DatabaseCredentials
from promotions.services.apply import apply_document
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import actor_of

pytestmark = pytest.mark.django_db

URL = "https://git.example.com/team/app"
SHARED = "kargo-shared-resources"


class NoTokens:
    """Nobody asks for a token of a GitHub App."""

    def token(self, app: GitHubApp, *, repo_url: str) -> str:
        raise AssertionError(app, repo_url)


@pytest.fixture
def project() -> Project:
    return make_project()


def give(project: Project, namespace: str, name: str, *, kind: str = "git", **more: str) -> None:
    """Store a credential whose password is its name and namespace."""
    annotations: JSONObject = {"kargo.akuity.io/replicate-to": "*"} if "replicate" in more else {}
    content: JSONObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"kargo.akuity.io/cred-type": kind},
            "annotations": annotations,
        },
        "stringData": {"repoURL": URL, "username": "u", "password": f"{namespace}/{name}"},
    }
    actor = actor_of(project)
    apply_document(content, tenant=project.tenant, actor=actor, now=read_clock())


def found(project: Project) -> str:
    """Return the password of the credential that Git gets, empty without one."""
    credential = DatabaseCredentials(NoTokens()).find(
        tenant_uid=str(project.tenant.uid),
        project=project.name,
        kind=CredentialType.GIT,
        repo_url=URL,
    )
    return credential.password if credential else ""


def test_a_replica_ranks_by_name_among_a_projects_own(project: Project) -> None:
    give(project, "demo", "b")
    give(project, SHARED, "a", replicate="yes")

    assert found(project) == f"{SHARED}/a"


def test_a_shared_one_that_is_not_replicated_comes_after_all_own(project: Project) -> None:
    give(project, "demo", "b")
    give(project, SHARED, "a")

    assert found(project) == "demo/b"


def test_an_own_secret_of_another_kind_hides_a_replica_but_not_its_source(
    project: Project,
) -> None:
    give(project, "demo", "a", kind="helm")
    give(project, "demo", "c")
    give(project, SHARED, "a", replicate="yes")

    assert found(project) == "demo/c"


def test_other_tenants_replicas_are_not_seen(project: Project) -> None:
    other = make_project("demo", tenant=make_tenant("elsewhere"))
    give(project, SHARED, "a", replicate="yes")

    assert found(other) == ""
