import pytest

from promotions.engine.scm.providers import GitProvider
from promotions.engine.scm.pull_requests import (
    PullRequestState,
    PullRequestText,
    azure_pull_request_url,
    pull_request_state,
    pull_request_text,
    same_commit,
    stage_page,
)

MESSAGE = "Bump shop\n\nto 1.2.3"


@pytest.mark.parametrize(
    ("message", "title", "description", "text"),
    [
        (MESSAGE, "", "", PullRequestText("Bump shop", "\nto 1.2.3")),
        (MESSAGE, "Mine", "", PullRequestText("Mine", MESSAGE)),
        (MESSAGE, "", "Why", PullRequestText("Bump shop", "Why")),
        ("Bump shop", "", "", PullRequestText("Bump shop", "")),
        ("", "", "", PullRequestText("", "")),
    ],
)
def test_the_message_fills_in_what_is_not_configured(
    message: str, title: str, description: str, text: PullRequestText
) -> None:
    assert pull_request_text(message, title=title, description=description) == text


def test_a_known_portal_is_linked_at_the_end() -> None:
    page = stage_page("https://kargo.example.com", project="shop", stage="test")

    text = pull_request_text("Bump", description="Why", stage_url=page)

    assert text.description == (
        "Why\n\n[View in Kargo UI](https://kargo.example.com/project/shop/stage/test)"
    )
    assert stage_page("", project="shop", stage="test") == ""


@pytest.mark.parametrize(
    ("provider", "state", "has_merged", "is_open", "is_merged"),
    [
        (GitProvider.GITHUB, "open", False, True, False),
        (GitProvider.GITHUB, "closed", True, False, True),
        (GitProvider.GITHUB, "", False, False, False),
        (GitProvider.GITEA, "closed", True, False, True),
        (GitProvider.GITLAB, "locked", False, True, False),
        (GitProvider.GITLAB, "merged", False, False, True),
        (GitProvider.BITBUCKET, "DECLINED", False, False, False),
        (GitProvider.BITBUCKET, "MERGED", False, False, True),
        (GitProvider.AZURE, "active", False, True, False),
        (GitProvider.AZURE, "completed", False, False, True),
        (GitProvider.AZURE, "abandoned", True, False, False),
    ],
)
def test_a_state_is_read_in_the_providers_words(
    provider: GitProvider,
    state: str,
    has_merged: bool,  # noqa: FBT001 - a table
    is_open: bool,  # noqa: FBT001 - a table
    is_merged: bool,  # noqa: FBT001 - a table
) -> None:
    found = pull_request_state(provider, state, has_merged=has_merged)

    assert found == PullRequestState(is_open, is_merged)


def test_azure_tells_the_repositorys_page_only() -> None:
    assert azure_pull_request_url("https://dev.azure.com/o/p/_git/r", number=7) == (
        "https://dev.azure.com/o/p/_git/r/pullrequest/7"
    )


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("a" * 40, "a" * 40, True),
        ("a" * 40, "A" * 12, True),
        ("a" * 7, "a" * 40, True),
        ("a" * 6, "a" * 40, False),
        ("a" * 12, "b" * 40, False),
        ("", "a" * 40, False),
        ("", "", False),
    ],
)
def test_a_commit_is_known_by_its_beginning(one: str, other: str, *, is_same: bool) -> None:
    assert same_commit(one, other) is is_same
    assert same_commit(other, one) is is_same
