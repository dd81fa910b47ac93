"""Every provider's deliveries, through the address: taken if signed, else refused."""

from typing import Any

import pytest

from common.jsontypes import JSONObject
from tests.functional.webhooks.hooks import Hooks, is_refreshed
from tests.unit.engine.webhooks.samples import (
    AUTHENTICATED,
    BARE,
    EQUAL,
    KEY,
    PREFIXED,
    SAMPLES,
    Sample,
)

pytestmark = pytest.mark.django_db

_REPOSITORIES: dict[str, dict[str, Any]] = {
    "github push": {"git": {"repoURL": "git@github.com:acme/shop.git", "branch": "trunk"}},
    "github package": {"image": {"repoURL": "ghcr.io/acme/shop"}},
    "github registry package": {"image": {"repoURL": "ghcr.io/acme/shop"}},
    "gitlab push": {"git": {"repoURL": "https://gitlab.example.com/acme/shop", "branch": "trunk"}},
    "gitlab tag push": {
        "git": {
            "repoURL": "https://gitlab.example.com/acme/shop",
            "commitSelectionStrategy": "SemVer",
        }
    },
    "gitea push": {"git": {"repoURL": "https://gitea.example.com/acme/shop", "branch": "trunk"}},
    "bitbucket cloud push": {
        "git": {"repoURL": "https://bitbucket.org/acme/shop", "branch": "trunk"}
    },
    "bitbucket server push": {
        "git": {"repoURL": "https://bb.example.com/scm/acme/shop.git", "branch": "trunk"}
    },
    "azure registry push": {"image": {"repoURL": "acme.azurecr.io/shop/api"}},
    "azure devops push": {
        "git": {"repoURL": "https://acme@dev.azure.com/acme/shop/_git/Shop", "branch": "trunk"}
    },
    "artifactory push": {"image": {"repoURL": "acme.jfrog.io/docker-local/shop/api"}},
    "harbor push": {"image": {"repoURL": "harbor.example.com/shop/api"}},
    "dockerhub push": {"image": {"repoURL": "acme/shop"}},
    "quay push": {"image": {"repoURL": "quay.io/acme/shop"}},
}
_REFRESHED = {"msg": "refreshed 1 warehouse(s)"}


@pytest.mark.parametrize("name", sorted(_REPOSITORIES))
def test_a_push_has_its_subscriber_refreshed(hooks: Hooks, name: str) -> None:
    sample = SAMPLES[name]
    path = hooks.receiver(sample.kind)
    watching = hooks.warehouse("main", _REPOSITORIES[name])
    other = hooks.warehouse("other", {"image": {"repoURL": "example.com/other"}})

    answer = hooks.send(path, sample.payload, sample.headers)

    assert (answer.status_code, answer.json()) == (200, _REFRESHED)
    assert answer["Content-Type"] == "application/json"
    assert is_refreshed(watching)
    assert not is_refreshed(other)


def test_a_virtual_repository_stands_for_the_one_that_was_pushed_to(hooks: Hooks) -> None:
    hooks.secret(**{"secret-token": KEY.decode()})
    settings: JSONObject = {"secretRef": {"name": "hook"}, "virtualRepoName": "docker"}
    hooks.configure({"name": "hook", "artifactory": settings})
    row = hooks.warehouse("main", {"image": {"repoURL": "acme.jfrog.io/docker/shop/api"}})

    answer = hooks.send(hooks.path(), SAMPLES["artifactory push"].payload)

    assert answer.json() == _REFRESHED
    assert is_refreshed(row)


@pytest.mark.parametrize("name", ["github ping", "azure registry ping"])
def test_a_ping_is_answered(hooks: Hooks, name: str) -> None:
    sample = SAMPLES[name]

    answer = hooks.send(hooks.receiver(sample.kind), sample.payload, sample.headers)

    assert answer.json() == {"msg": "ping event received, webhook is configured correctly"}


@pytest.mark.parametrize("name", sorted(it for it in SAMPLES if SAMPLES[it].kind in AUTHENTICATED))
def test_what_is_not_signed_is_refused(hooks: Hooks, name: str) -> None:
    sample = SAMPLES[name]
    path = hooks.receiver(sample.kind)
    row = hooks.warehouse("main", _REPOSITORIES.get(name, _REPOSITORIES["github push"]))

    for wrong in ("", "wrong", f"sha256={'0' * 64}"):
        headers = {**sample.headers, **_claim(sample, wrong)}
        answer = hooks.send(path, sample.payload, headers)

        assert answer.status_code == 401, wrong
        assert KEY.decode() not in answer.content.decode()
    assert not is_refreshed(row)


def _claim(sample: Sample, value: str) -> dict[str, str]:
    return {{**PREFIXED, **EQUAL, **BARE}[sample.kind]: value}
