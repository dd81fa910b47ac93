"""Deliveries of our own making, one for every event that a receiver knows, signed here."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.webhooks.decisions import Decision
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.receivers import RECEIVERS, decide

KEY = b"correct horse battery staple"
PREFIXED = {
    "bitbucket": "X-Hub-Signature",
    "gitea": "X-Hub-Signature-256",
    "github": "X-Hub-Signature-256",
}
EQUAL = {"gitlab": "X-Gitlab-Token", "harbor": "Authorization"}
BARE = {"artifactory": "X-JFrog-Event-Auth"}
AUTHENTICATED = {**PREFIXED, **EQUAL, **BARE}


@dataclass(frozen=True, slots=True)
class Sample:
    """A valid delivery before it is signed."""

    kind: str
    payload: JSONObject
    headers: Mapping[str, str] = field(default_factory=dict)


def proof(kind: str, body: bytes, key: bytes = KEY) -> dict[str, str]:
    """Return the header that proves that the sender of ``body`` knows the key, if there is one."""
    digest = hmac.new(key, body, hashlib.sha256).hexdigest()
    if kind in PREFIXED:
        return {PREFIXED[kind]: f"sha256={digest}"}
    if kind in BARE:
        return {BARE[kind]: digest}
    return {EQUAL[kind]: key.decode()} if kind in EQUAL else {}


def delivery(kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> Delivery:
    """Return a delivery that is authentic whatever it says."""
    return Delivery(
        headers={**(headers or {}), **proof(kind, body)},
        body=body,
        secret={RECEIVERS[kind].secret_key: KEY},
    )


def decide_on(kind: str, payload: JSONValue, **headers: str) -> Decision:
    """Decide on an authentic delivery of ``payload``; ``_`` in a header's name stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return decide(kind, delivery(kind, json.dumps(payload).encode(), named))


def decide_sample(sample: Sample) -> Decision:
    return decide(
        sample.kind, delivery(sample.kind, json.dumps(sample.payload).encode(), sample.headers)
    )


_COMMITS: list[JSONValue] = [
    {"id": "1", "added": ["a.txt"], "modified": ["b.txt"], "removed": []},
    {"id": "2", "added": [], "modified": ["b.txt"], "removed": ["c.txt"]},
]
_PACKAGE: JSONObject = {
    "package_type": "CONTAINER",
    "package_version": {
        "package_url": "ghcr.io/acme/shop:1.4.0",
        "container_metadata": {
            "tag": {"name": "1.4.0"},
            "manifest": {"config": {"media_type": "application/vnd.oci.image.config.v1+json"}},
        },
    },
}

SAMPLES: dict[str, Sample] = {
    "github ping": Sample("github", {"zen": "Anything"}, {"X-GitHub-Event": "ping"}),
    "github push": Sample(
        "github",
        {
            "ref": "refs/heads/trunk",
            "repository": {
                "clone_url": "https://github.com/acme/shop.git",
                "ssh_url": "git@github.com:acme/shop.git",
            },
            "commits": _COMMITS,
            "head_commit": {"id": "2", "modified": ["d.txt"]},
        },
        {"X-GitHub-Event": "push"},
    ),
    "github package": Sample(
        "github", {"action": "published", "package": _PACKAGE}, {"X-GitHub-Event": "package"}
    ),
    "github registry package": Sample(
        "github",
        {"action": "updated", "registry_package": _PACKAGE},
        {"X-GitHub-Event": "registry_package"},
    ),
    "github pull request": Sample(
        "github",
        {"action": "closed", "pull_request": {"html_url": "https://github.com/acme/shop/pull/7"}},
        {"X-GitHub-Event": "pull_request"},
    ),
    "gitlab push": Sample(
        "gitlab",
        {
            "ref": "refs/heads/trunk",
            "repository": {
                "git_http_url": "https://gitlab.example.com/acme/shop.git",
                "git_ssh_url": "git@gitlab.example.com:acme/shop.git",
            },
            "commits": _COMMITS,
            "total_commits_count": 2,
        },
        {"X-Gitlab-Event": "Push Hook"},
    ),
    "gitlab tag push": Sample(
        "gitlab",
        {
            "ref": "refs/tags/1.4.0",
            "repository": {"git_http_url": "https://gitlab.example.com/acme/shop.git"},
        },
        {"X-Gitlab-Event": "Tag Push Hook"},
    ),
    "gitlab merge request": Sample(
        "gitlab",
        {"object_attributes": {"action": "merge", "url": "https://gitlab.example.com/acme/7"}},
        {"X-Gitlab-Event": "Merge Request Hook"},
    ),
    "gitea push": Sample(
        "gitea",
        {
            "ref": "refs/heads/trunk",
            "repository": {"clone_url": "https://gitea.example.com/acme/shop.git"},
            "commits": _COMMITS,
            "total_commits": 2,
        },
        {"X-Gitea-Event": "push"},
    ),
    "gitea pull request": Sample(
        "gitea",
        {"action": "closed", "pull_request": {"html_url": "https://gitea.example.com/acme/7"}},
        {"X-Gitea-Event": "pull_request"},
    ),
    "bitbucket cloud push": Sample(
        "bitbucket",
        {
            "actor": {"name": "alice", "emailAddress": "alice@example.com"},
            "push": {"changes": [{"new": {"type": "branch", "name": "trunk"}}]},
            "repository": {"links": {"html": {"href": "https://bitbucket.org/acme/shop"}}},
        },
        {"X-Event-Key": "repo:push"},
    ),
    "bitbucket server push": Sample(
        "bitbucket",
        {
            "actor": {"name": "alice", "emailAddress": "alice@example.com"},
            "changes": [{"ref": {"id": "refs/heads/trunk"}}, {"ref": {"id": "refs/tags/1.4.0"}}],
            "repository": {
                "links": {
                    "clone": [
                        {"href": "https://bb.example.com/scm/acme/shop.git"},
                        {"href": "ssh://git@bb.example.com:7999/acme/shop.git"},
                    ]
                }
            },
        },
        {"X-Event-Key": "repo:refs_changed"},
    ),
    "bitbucket cloud pull request": Sample(
        "bitbucket",
        {"pullrequest": {"links": {"html": {"href": "https://bitbucket.org/acme/shop/7"}}}},
        {"X-Event-Key": "pullrequest:fulfilled"},
    ),
    "bitbucket server pull request": Sample(
        "bitbucket",
        {"pullRequest": {"links": {"self": [{"href": "https://bb.example.com/acme/shop/7"}]}}},
        {"X-Event-Key": "pr:merged"},
    ),
    "azure registry push": Sample(
        "azure",
        {
            "action": "push",
            "target": {
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "repository": "shop/api",
                "tag": "1.4.0",
            },
            "request": {"host": "acme.azurecr.io"},
        },
        {"User-Agent": "AzureContainerRegistry/1.0"},
    ),
    "azure registry ping": Sample(
        "azure", {"action": "ping"}, {"User-Agent": "AzureContainerRegistry/1.0"}
    ),
    "azure devops push": Sample(
        "azure",
        {
            "eventType": "git.push",
            "resource": {
                "refUpdates": [{"name": "refs/heads/trunk"}],
                "repository": {"remoteUrl": "https://acme@dev.azure.com/acme/shop/_git/Shop"},
            },
        },
        {"User-Agent": "VSServices/1.0"},
    ),
    "azure devops pull request": Sample(
        "azure",
        {
            "eventType": "git.pullrequest.updated",
            "resource": {
                "status": "abandoned",
                "_links": {"web": {"href": "https://dev.azure.com/acme/shop/_git/Shop/7"}},
            },
        },
        {"User-Agent": "VSServices/1.0"},
    ),
    "artifactory push": Sample(
        "artifactory",
        {
            "domain": "docker",
            "event_type": "pushed",
            "jpd_origin": "https://acme.jfrog.io/artifactory",
            "data": {
                "path": "shop/api/1.4.0/manifest.json",
                "repo_key": "docker-local",
                "image_name": "shop/api",
                "image_type": "docker",
                "tag": "1.4.0",
            },
        },
    ),
    "harbor push": Sample(
        "harbor",
        {
            "type": "PUSH_ARTIFACT",
            "event_data": {
                "resources": [
                    {"tag": "1.4.0", "resource_url": "harbor.example.com/shop/api:1.4.0"},
                    {"tag": "latest", "resource_url": "harbor.example.com/shop/api:latest"},
                ]
            },
        },
    ),
    "dockerhub push": Sample(
        "dockerhub",
        {"push_data": {"tag": "1.4.0"}, "repository": {"repo_name": "acme/shop"}},
    ),
    "quay push": Sample(
        "quay", {"docker_url": "quay.io/acme/shop", "updated_tags": ["1.4.0", "latest"]}
    ),
}
