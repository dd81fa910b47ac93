import errno

import pytest

from promotions.gateways.git.failures import failure, redact, storage_failure


@pytest.mark.parametrize(
    ("stderr", "code"),
    [
        ("fatal: Authentication failed for 'https://h/x/'", "git_authentication"),
        ("fatal: could not read Username for 'https://h': terminal prompts disabled",
         "git_authentication"),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
         "git_authentication"),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 403",
         "git_authentication"),
        ("remote: Repository not found.\nfatal: repository 'https://h/x/' not found",
         "git_repository_not_found"),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", "git_unreachable"),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 503",
         "git_unreachable"),
        ("fatal: unable to access 'https://h/': server certificate verification failed.",
         "git_untrusted_host"),
        ("fatal: couldn't find remote ref refs/heads/x", "git_ref_not_found"),
        ("error: file write error: No space left on device", "git_disk_full"),
        ("error: unable to write file 'big'", "git_disk_full"),
        ("fatal: loose object abc (stored in x) is corrupt", "git_corrupt"),
        ("!\tHEAD:refs/heads/main\t[remote rejected] (pre-receive hook declined)",
         "git_push_rejected"),
        ("fatal: something new", "git"),
        ("", "git"),
    ],
)  # fmt: skip
def test_causes_are_told_apart(stderr: str, code: str) -> None:
    assert failure(stderr).code == code


def test_secrets_and_user_information_are_left_out() -> None:
    text = redact("https://bot:pw@host/x said abc123", secrets=("abc123", ""))

    assert text == "https://host/x said ***"


def test_a_full_disk_is_told_from_other_trouble_with_storage() -> None:
    assert storage_failure(OSError(errno.ENOSPC, "No space")).code == "git_disk_full"
    assert storage_failure(OSError(errno.EIO, "Input/output error")).code == "git"


def test_a_git_that_was_killed_is_said_to_be() -> None:
    error = failure("", returncode=-9)

    assert (error.code, error.retryable) == ("git_killed", True)
    assert "killed by signal 9" in error.message
