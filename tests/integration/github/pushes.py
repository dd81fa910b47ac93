"""A promotion that pushes to the fake GitHub with real Git, GPG and HTTP."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from promotions.engine.runner import StepResult
from promotions.gateways.git.gateway import open_git
from promotions.gateways.git.settings import GitSettings
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import Credential
from promotions.ports.git import IntegrationPolicy
from promotions.steps.github_push import GithubPush, GitHubPushPolicy
from tests.fakes.git_origin import git
from tests.fakes.git_ports import FixedCredentials, FixedIdentity
from tests.fakes.github import Caller
from tests.fakes.github_site import LOOPBACK, GitHubSite
from tests.integration.git.conftest import Promotion

APP_TOKEN = "ghs_0123456789abcdef"
BOB: dict[str, str] = {"name": "Bob", "email": "bob@example.com"}
STAGING = "refs/kargo/staging/promo"


@dataclass
class GitHubPromotion(Promotion):
    """Pushes through the API as a GitHub App; ``site`` is where."""

    site: GitHubSite = field(kw_only=True)
    policy: GitHubPushPolicy = field(default_factory=GitHubPushPolicy)
    pauses: list[float] = field(default_factory=list)

    def github_push(self, **more: str | bool | int) -> StepResult:
        return self._run(self.step(), {"path": "out", **more})

    def step(self) -> GithubPush:
        return GithubPush(
            self.git.workspaces,
            self.credentials,
            self.site.gateway,
            self.policy,
            sleep=self.pauses.append,
            chance=lambda: 0.5,
        )

    def commits(self, branch: str = "main") -> list[str]:
        """Return the subjects of a branch on GitHub, the newest first, without the first."""
        return self.site.repository.origin.subjects(branch)[:-1]

    def verified(self, branch: str = "main") -> list[str]:
        """Return the subjects of those commits of a branch that GitHub vouches for."""
        repository = self.site.repository
        listed = repository.git("log", "--format=%H %s", branch).splitlines()
        pairs = [line.partition(" ") for line in listed]
        return [subject for commit, _, subject in pairs if commit in repository.verified]

    def refs(self) -> list[str]:
        return self.site.repository.git("for-each-ref", "--format=%(refname)").splitlines()

    @property
    def head(self) -> str:
        return git("rev-parse", "HEAD", cwd=self.workdir / "out")


@contextmanager
def promotion_at(
    site: GitHubSite,
    *,
    policy: IntegrationPolicy = IntegrationPolicy.REBASE_OR_MERGE,
    is_signing: bool = False,
) -> Iterator[GitHubPromotion]:
    """Yield a promotion with a work directory whose path is short enough for GPG's sockets."""
    site.github.tokens[APP_TOKEN] = Caller("kargo[bot]", is_app=True)
    settings = GitSettings(
        cache_dir=site.root / "cache", allow_local=True, egress=LOOPBACK, integration=policy
    )
    credential = Credential(username="kargo", password=APP_TOKEN, name="github-app/1")
    identity = GitIdentity(name="Signer", email="signer@example.com")
    key = signing_key() if is_signing else ""
    with tempfile.TemporaryDirectory(prefix="g-", ignore_cleanup_errors=True) as folder:
        yield GitHubPromotion(
            open_git(settings),
            Path(folder),
            site.url,
            credentials=FixedCredentials({site.url: credential}),
            identity=FixedIdentity(replace(identity, signing_key=key)),
            site=site,
        )


@cache
def signing_key() -> str:
    """Return an armoured private key of ``Signer <signer@example.com>``."""
    with tempfile.TemporaryDirectory(prefix="k-", ignore_cleanup_errors=True) as home:
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
        user = "Signer <signer@example.com>"
        subprocess.run(  # noqa: S603 - fixed
            [*gpg, "--quick-generate-key", user, "ed25519", "sign"], check=True, capture_output=True
        )
        done = subprocess.run(  # noqa: S603 - fixed
            [*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True, text=True
        )
        return done.stdout


HAS_GPG = shutil.which("gpg") is not None
