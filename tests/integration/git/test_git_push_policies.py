import multiprocessing
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from promotions.engine.runner import StepError
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import IntegrationPolicy
from tests.fakes.git_origin import Origin, git
from tests.fakes.git_ports import FixedIdentity
from tests.integration.git.conftest import Promotion

NAME, EMAIL = "Signer", "signer@example.com"
REBASED, MERGED = 1, 2

needs_gpg = pytest.mark.skipif(shutil.which("gpg") is None, reason="there is no gpg here")
_FRESH = multiprocessing.get_context("spawn")


def _new_key(user: str) -> str:
    """Return an armoured private key."""
    with tempfile.TemporaryDirectory(prefix="k-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o700)
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
        subprocess.run(  # noqa: S603 - fixed
            [*gpg, "--quick-generate-key", user, "ed25519", "sign"],
            check=True,
            capture_output=True,
        )
        return subprocess.run(  # noqa: S603 - fixed
            [*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True, text=True
        ).stdout


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """The key of the signer, and one of the same name that nobody trusts."""
    return _new_key(f"{NAME} <{EMAIL}>"), _new_key(f"{NAME} <{EMAIL}>")


@dataclass
class Case:
    """A promotion with one commit of its own, while somebody else has pushed."""

    promotion: Promotion
    origin: Origin
    key: str
    strange_key: str

    def prepare(self, *, commit: str, signing: bool) -> None:
        """Commit ``trusted``, ``untrusted`` or ``unsigned``, in a clone that signs or does not."""
        identity = GitIdentity(NAME, EMAIL, self.key if signing else "")
        self.promotion.identity = FixedIdentity(identity)
        self.promotion.clone()
        self.promotion.edit("a: 2\n", "apps/a/x.yaml")
        author = {"name": NAME, "email": EMAIL}
        match commit:
            case "trusted":
                self.promotion.commit("Mine", author={**author, "signingKey": self.key})
                self._trust()
            case "unsigned":
                self.promotion.commit("Mine", author=author)
            case _:
                self.promotion.commit("Mine", author={**author, "signingKey": self.strange_key})
        self.origin.commit({"values.yaml": "tag: v9\n"}, "Theirs")

    def _trust(self) -> None:
        """Have the key in the clone's keyring, though the clone may not sign with it."""
        (home,) = self.promotion.workdir.glob("repo-*")
        (home / ".gnupg").mkdir(mode=0o700, exist_ok=True)
        gpg = ["gpg", "--homedir", str(home / ".gnupg"), "--batch", "--quiet"]
        subprocess.run([*gpg, "--import"], input=self.key, text=True, check=True)  # noqa: S603 - fixed
        listed = subprocess.run(  # noqa: S603 - fixed
            [*gpg, "--list-keys", "--with-colons"], check=True, capture_output=True, text=True
        ).stdout
        mark = next(it.split(":")[9] for it in listed.splitlines() if it.startswith("fpr"))
        trust = [*gpg, "--import-ownertrust"]
        subprocess.run(trust, input=f"{mark}:6:\n", text=True, check=True, capture_output=True)  # noqa: S603 - fixed

    def push(self, policy: IntegrationPolicy) -> int:
        """Push by this policy and return how many parents the remote's branch has then."""
        runner = self.promotion.git.workspaces.runner
        self.promotion.git = open_git(replace(runner.settings, integration=policy))
        self.promotion.push()
        listed = git("rev-list", "--parents", "-1", "main", cwd=self.origin.path).split()
        return len(listed) - 1


@pytest.fixture
def case(promotion: Promotion, origin: Origin, keys: tuple[str, str]) -> Case:
    return Case(promotion, origin, *keys)


TABLE = [
    ("trusted", True, True),
    ("trusted", False, False),
    ("untrusted", True, False),
    ("untrusted", False, False),
    ("unsigned", True, False),
    ("unsigned", False, True),
]


@needs_gpg
@pytest.mark.parametrize(("commit", "signing", "safe"), TABLE)
@pytest.mark.parametrize("policy", list(IntegrationPolicy))
def test_signatures_are_neither_stripped_nor_forged_unless_the_operator_says_so(
    case: Case, policy: IntegrationPolicy, commit: str, *, signing: bool, safe: bool
) -> None:
    case.prepare(commit=commit, signing=signing)

    if policy is IntegrationPolicy.REBASE_OR_FAIL and not safe:
        with pytest.raises(StepError, match="policy prohibits merge fallback") as caught:
            case.push(policy)
        assert caught.value.terminal
        assert case.origin.subjects() == ["Theirs", "Start"]
        return

    rebases = policy is IntegrationPolicy.ALWAYS_REBASE or (
        safe and policy is not IntegrationPolicy.ALWAYS_MERGE
    )
    assert case.push(policy) == (REBASED if rebases else MERGED)
    tip = git("cat-file", "commit", "main", cwd=case.origin.path)
    assert ("gpgsig" in tip) is signing
    assert case.origin.show("apps/a/x.yaml") == "a: 2"
    assert case.origin.show("values.yaml") == "tag: v9"


def _guarded(origin: Origin, script: str, *, hook: str = "pre-receive") -> None:
    path = origin.path / "hooks" / hook
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_protected_branch_says_in_the_host_s_words_why(
    promotion: Promotion, origin: Origin
) -> None:
    _guarded(origin, 'echo "GH006: Protected branch update failed for main." >&2; exit 1')
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()

    with pytest.raises(StepError, match="GH006: Protected branch update failed") as caught:
        promotion.push()

    assert not caught.value.failed
    assert "refused the push" in caught.value.message
    assert origin.subjects() == ["Start"]


def test_a_host_that_says_no_is_asked_once(promotion: Promotion, origin: Origin) -> None:
    tally = origin.path / "tally"
    _guarded(origin, f"echo x >> {tally}; exit 1")
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()

    with pytest.raises(StepError, match="refused the push"):
        promotion.push()

    assert tally.read_text() == "x\n"


def test_a_branch_that_was_deleted_meanwhile_is_made_again(
    promotion: Promotion, origin: Origin
) -> None:
    origin.commit({"x": "1"}, "Side", branch="stage/test")
    promotion.clone({"branch": "stage/test", "path": "out"})
    promotion.edit("tag: v2\n")
    promotion.commit("Mine")
    git("update-ref", "-d", "refs/heads/stage/test", cwd=origin.path)

    promotion.push()

    assert origin.subjects("stage/test") == ["Mine", "Side", "Start"]


def test_a_branch_that_was_replaced_meanwhile_is_integrated(
    promotion: Promotion, origin: Origin
) -> None:
    promotion.clone()
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("Mine")
    replaced = origin.commit({"values.yaml": "tag: v5\n"}, "Other start")
    git("update-ref", "refs/heads/main", replaced, cwd=origin.path)

    promotion.push()

    assert origin.subjects()[0] == "Mine"
    assert origin.show("values.yaml") == "tag: v5"


def _promote(url: str, cache: Path, worker: int, rounds: int) -> None:
    settings = GitSettings(cache_dir=cache, allow_local=True)
    for number in range(rounds):
        with tempfile.TemporaryDirectory(prefix="g-", ignore_cleanup_errors=True) as folder:
            promotion = Promotion(git=open_git(settings), workdir=Path(folder), url=url)
            promotion.clone()
            promotion.edit("x", f"by-{worker}/{number}")
            promotion.commit(f"Change {worker}.{number}")
            promotion.push(maxAttempts=50)
            promotion.git.workspaces.release(workdir=folder)


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [1, 2], ids=["one host", "two hosts"])
def test_two_workers_push_to_one_branch_and_nothing_is_lost(
    hosts: int, origin: Origin, tmp_path: Path
) -> None:
    workers = [
        _FRESH.Process(target=_promote, args=(origin.url, tmp_path / f"{it % hosts}", it, 5))
        for it in range(2)
    ]

    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)

    assert [worker.exitcode for worker in workers] == [0, 0]
    expected = {f"Change {worker}.{number}" for worker in range(2) for number in range(5)}
    subjects = origin.subjects()
    assert expected <= set(subjects)
    assert len(subjects) == len(expected) + 1


@needs_gpg
def test_tags_are_signed_and_signatures_are_told(case: Case, gateway: GitGateway) -> None:
    case.promotion.identity = FixedIdentity(GitIdentity(NAME, EMAIL, case.key))
    case.promotion.clone()
    case.promotion.edit("tag: v2\n")
    case.promotion.commit("Mine")
    case.promotion.tag("v2", "Two")
    case.promotion.tag("v2", "Two", force=True)
    case.promotion.push(tag="v2")
    here = case.promotion.workdir / "out"
    head, start = (git("rev-parse", name, cwd=here) for name in ("HEAD", "HEAD~1"))

    found = gateway.workspaces.signatures(
        workdir=str(case.promotion.workdir), path=str(here), commits=(head, start)
    )

    assert "BEGIN PGP SIGNATURE" in git("cat-file", "tag", "v2", cwd=case.origin.path)
    assert (found[head].state, found[head].signer) == ("G", f"{NAME} <{EMAIL}>")
    assert (found[start].state, found[start].signer) == ("N", "")


@needs_gpg
def test_a_stranger_s_signature_is_not_trusted(case: Case, gateway: GitGateway) -> None:
    case.prepare(commit="untrusted", signing=True)
    here = case.promotion.workdir / "out"
    head = git("rev-parse", "HEAD", cwd=here)

    found = gateway.workspaces.signatures(
        workdir=str(case.promotion.workdir), path=str(here), commits=(head,)
    )

    assert found[head].state not in {"G", "N"}
    assert (found[head].signer, found[head].author) == ("", f"{NAME} <{EMAIL}>")
