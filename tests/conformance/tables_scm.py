"""Runs the table cases of Git hosting, repository addresses and credentials."""

from collections.abc import Callable
from dataclasses import dataclass

from promotions.engine.credentials import matching_secret
from promotions.engine.references import resolve_reference
from promotions.engine.scm.commit_urls import commit_url
from promotions.engine.scm.providers import GitProvider, matching_providers
from promotions.engine.scm.pull_requests import (
    azure_pull_request_url,
    pull_request_state,
    pull_request_text,
    stage_page,
)
from promotions.engine.scm.repositories import parse_repository
from promotions.engine.urls import (
    normalise_chart_url,
    normalise_git_url,
    normalise_image_url,
    sanitise,
)
from tests.conformance.vectors import Case


@dataclass(frozen=True)
class VectorSecret:
    name: str
    repo_url: str | None
    repo_url_is_regex: bool


def _providers(case: Case) -> object:
    # Which of several comes first is left open by the reference.
    found = set(matching_providers(case["repo_url"]))
    wanted = case["expect"]["value"]
    return wanted if found == set(wanted) else sorted(found)


_NAMES = {
    GitProvider.AZURE: {"organization": "owner", "project": "project", "repo": "name"},
    GitProvider.BITBUCKET: {"host": "host", "owner": "owner", "slug": "name"},
    GitProvider.GITEA: {"scheme": "scheme", "host": "host", "owner": "owner", "repo": "name"},
    GitProvider.GITHUB: {"scheme": "scheme", "host": "host", "owner": "owner", "repo": "name"},
    GitProvider.GITLAB: {"scheme": "scheme", "host": "host", "project": "project"},
}


def _parts(case: Case) -> object:
    provider = GitProvider(case["provider"])
    found = parse_repository(case["repo_url"], provider=provider)
    return {name: getattr(found, field) for name, field in _NAMES[provider].items()}


def _pull_request_state(case: Case) -> object:
    found = pull_request_state(
        GitProvider(case["provider"]), case["a"], has_merged=case["b"] not in {"", "false"}
    )
    return {"open": found.is_open, "merged": found.is_merged}


def _pull_request_text(case: Case) -> object:
    found = pull_request_text(
        case["commit_message"],
        title=case["title"],
        description=case["description"],
        stage_url=stage_page(case["ui_base_url"], project=case["project"], stage=case["stage"]),
    )
    return {"title": found.title, "description": found.description}


def _secret(case: Case) -> object:
    secrets = [
        VectorSecret(it["name"], it["repo_url"], it.get("repo_url_is_regex") == "true")
        for it in case["secrets"]
    ]
    found = matching_secret(secrets, kind=case["cred_type"], repo_url=case["repo_url"])
    return found and found.name


def _reference(case: Case) -> object:
    found = resolve_reference(case["input"])
    return {
        "credential_type": "helm" if case["input"].startswith("oci://") else "image",
        "registry": found.registry,
        "repository": found.repository,
        "tag": found.tag,
        "digest": found.digest,
    }


VALUES: dict[str, Callable[[Case], object]] = {
    "url_git": lambda case: normalise_git_url(case["input"]),
    "url_image": lambda case: normalise_image_url(case["input"]),
    "url_chart": lambda case: normalise_chart_url(case["input"]),
    "url_sanitize": lambda case: sanitise(case["input"]),
    "commit_url": lambda case: commit_url(
        case["repo_url"], case["sha"], provider=GitProvider(case["provider"])
    ),
    "provider_detect": _providers,
    "azure_pr_url": lambda case: azure_pull_request_url(case["repo_url"], number=case["max_len"]),
    "credentials": _secret,
}
WHOLES: dict[str, Callable[[Case], object]] = {
    "repo_parts": _parts,
    "pr_state": _pull_request_state,
    "pr_text": _pull_request_text,
    "oci_reference": _reference,
}
