"""Makes the demonstration's Git repositories and the commits that travel.

Two local bare repositories: an application, and its configuration in the manner of Kustomize, a
base and one overlay for each Stage.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from git import Git
from git.exc import GitCommandError

STAGES = ("test", "uat", "prod")

_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Ada Developer",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Developer",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 1
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop}
    spec:
      containers:
        - name: shop
          image: registry.example.com/shop
          envFrom:
            - configMapRef: {name: shop-settings}
"""

_BASE = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - deployment.yaml
"""

_OVERLAY = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop-{stage}
resources:
  - ../../base
configMapGenerator:
  - name: shop-settings
    envs:
      - settings.env
images:
  - name: registry.example.com/shop
    newTag: unreleased
"""

_RELEASE = """\
# Which revision of the application runs in {stage}. Promotions write it.
revision: none
freight: none
"""


@dataclass(frozen=True, slots=True)
class Repositories:
    """The two bare repositories, as ``file://`` addresses, and the folder they are in."""

    folder: Path

    @property
    def application(self) -> str:
        """Where developers push."""
        return f"file://{self.folder}/shop.git"

    @property
    def configuration(self) -> str:
        """Where promotions push."""
        return f"file://{self.folder}/shop-config.git"


def create_repositories(folder: Path) -> Repositories:
    """Make both repositories with a first commit each; ``folder`` must not exist."""
    folder.mkdir(parents=True)
    repositories = Repositories(folder)
    _create(
        folder, "shop", {"settings.env": "GREETING=Hello, world (1)\n", "README.md": "# Shop\n"}
    )
    files = {"base/deployment.yaml": _DEPLOYMENT, "base/kustomization.yaml": _BASE}
    for stage in STAGES:
        overlay = f"overlays/{stage}"
        files[f"{overlay}/kustomization.yaml"] = _OVERLAY.format(stage=stage)
        files[f"{overlay}/settings.env"] = "GREETING=unreleased\n"
        files[f"{overlay}/release.yaml"] = _RELEASE.format(stage=stage)
    _create(folder, "shop-config", files)
    return repositories


def push_change(repositories: Repositories, greeting: str) -> str:
    """Commit a new greeting to the application, push it, and return the commit's id."""
    checkout = repositories.folder / "work" / "shop"
    (checkout / "settings.env").write_text(f"GREETING={greeting}\n")
    _git(checkout, "commit", "--quiet", "--all", f"--message=Greet with “{greeting}”")
    _git(checkout, "push", "--quiet", "origin", "main")
    return _git(checkout, "rev-parse", "HEAD")


def newest_commit(repositories: Repositories) -> tuple[str, str]:
    """Return id and subject of the newest commit on the application's main branch."""
    bare = repositories.folder / "shop.git"
    commit, _, subject = _git(bare, "log", "-1", "--format=%H %s", "main").partition(" ")
    return commit, subject


def branch_log(repositories: Repositories, branch: str, *, path: str = "") -> list[str]:
    """Return the newest commits of a configuration branch, one line each."""
    bare = repositories.folder / "shop-config.git"
    arguments = ["log", "-5", "--format=%h %s", branch, "--"]
    try:
        return _git(bare, *arguments, *([path] if path else [])).splitlines()
    except GitCommandError:
        return []


def released_revision(repositories: Repositories, branch: str, path: str) -> str:
    """Return the ``revision`` that a release file says; empty if there is none yet."""
    bare = repositories.folder / "shop-config.git"
    try:
        text = _git(bare, "show", f"{branch}:{path}")
    except GitCommandError:
        return ""
    lines = (line for line in text.splitlines() if line.startswith("revision:"))
    return next(lines, "").partition(":")[2].strip()


def _create(folder: Path, name: str, files: dict[str, str]) -> None:
    bare, checkout = folder / f"{name}.git", folder / "work" / name
    _git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    _git(folder, "clone", "--quiet", str(bare), str(checkout))
    for path, text in files.items():
        target = checkout / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for key in ("name", "email"):
        _git(checkout, "config", f"user.{key}", _ENVIRONMENT[f"GIT_AUTHOR_{key.upper()}"])
    _git(checkout, "symbolic-ref", "HEAD", "refs/heads/main")
    _git(checkout, "add", "--all")
    _git(checkout, "commit", "--quiet", "--message=Begin")
    _git(checkout, "push", "--quiet", "origin", "main")


def _git(folder: Path, *arguments: str) -> str:
    environment = {**_ENVIRONMENT, "HOME": str(folder)}
    output = Git(folder).execute(["git", *arguments], env=environment, kill_after_timeout=60)
    return str(output)
