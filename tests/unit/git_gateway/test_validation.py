import pytest

from promotions.gateways.git.validation import check_ref_name, check_url, is_commit_id
from promotions.ports.git import RefusedRefError, RefusedURLError


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://user:pw@github.com/a/b", "https://github.com/a/b"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
        ("https://[::1]:8080/a", "https://[::1]:8080/a"),
        ("ssh://git@github.com:22/a/b", "ssh://git@github.com:22/a/b"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("HTTPS://Host/Path", "https://Host/Path"),
    ],
)
def test_addresses_of_remote_repositories_are_taken_without_passwords(url: str, given: str) -> None:
    assert check_url(url, allow_local=False) == given


@pytest.mark.parametrize("url", ["https://h:99999/x", "https://-h/x", "a::b", "host", "x" * 3000])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(RefusedURLError):
        check_url(url, allow_local=True)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(RefusedURLError) as caught:
        check_url("ftp://user:hunter2@host/x", allow_local=False)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["main", "feature/x", "v1.0", "a@b", "größe", "a-b_c+d"])
def test_names_that_git_could_have_are_taken(name: str) -> None:
    assert check_ref_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b",
     ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@", "HEAD", "a@{1}", "a\x00b", "a\x7f", "x" * 3000],
)  # fmt: skip
def test_names_that_git_could_not_have_are_refused(name: str) -> None:
    with pytest.raises(RefusedRefError):
        check_ref_name(name)


def test_a_commit_id_is_forty_hex_digits() -> None:
    assert is_commit_id("0" * 40)
    assert not is_commit_id("0" * 39)
    assert not is_commit_id("G" * 40)
