import pytest

from common.errors import InvalidError
from promotions.engine.commit_urls import GitProvider, commit_url, detect_provider
from tests.conformance.vectors import Case, ids, load

PAGES = load("kargo_tables", op="commit_url")
PROVIDERS = load("kargo_tables", op="provider_detect")


@pytest.mark.parametrize("case", PAGES, ids=ids(PAGES))
def test_commit_pages_are_where_kargo_says(case: Case) -> None:
    provider = GitProvider(case["provider"])
    if "error" in case["expect"]:
        with pytest.raises(InvalidError):
            commit_url(case["repo_url"], case["sha"], provider=provider)
        return

    page = commit_url(case["repo_url"], case["sha"], provider=provider)

    assert page == case["expect"]["value"]


@pytest.mark.parametrize("case", PROVIDERS, ids=ids(PROVIDERS))
def test_providers_are_told_by_their_hosts(case: Case) -> None:
    found = detect_provider(case["repo_url"])

    assert ([found.value] if found else []) == case["expect"]["value"]


def test_an_address_that_cannot_be_read_has_no_provider() -> None:
    assert detect_provider("https://[broken/a") is None
    with pytest.raises(InvalidError):
        commit_url("https://[broken/a", "sha", provider=GitProvider.GITHUB)
