"""Shows the platform's main job on real input: a change travels from Git to prod."""

import os
import shutil
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from common.clock import now
from common.errors import PlatformError
from kargo_platform.demo import manifests
from kargo_platform.demo.narration import Narrator
from kargo_platform.demo.repositories import (
    STAGES,
    Repositories,
    branch_log,
    create_repositories,
    newest_commit,
    push_change,
    released_revision,
)
from kargo_platform.processes import Children, free_port, start_server, start_worker
from kargo_platform.settings.env import BASE_DIR, VAR_DIR
from rbac.actors import operator_at_console
from rbac.services.accounts import create_operator

_TIMEOUT_SECONDS = 120
_LOOK_SECONDS = 0.1
_FOLDER = "KARGO_DEMO_DIR"


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Set up two Git repositories and a pipeline, push a commit, and follow it to prod."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when prod has the change")
        parser.add_argument("--pattern", choices=sorted(manifests.PATTERNS), default="branches")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *_args: Any, **options: Any) -> None:
        if _FOLDER not in os.environ:
            _restart_in_own_folder()
        pattern: str = options["pattern"]
        call_command("migrate", verbosity=0)
        actor = operator_at_console("demo")
        _, password = create_operator(
            "admin", "admin@example.com", password=None, actor=actor, now=now()
        )
        repositories = create_repositories(VAR_DIR / "repositories")
        self._apply(repositories, pattern)
        with Children(log=VAR_DIR / "demo.log") as children:
            try:
                address = start_server(children, port=free_port(options["port"]))
                start_worker(children)
                self._introduce(address, password, repositories)
                commit = push_change(repositories, "Hello, world (2)")
                self.stdout.write(f"\nPushed {commit[:7]} to the application's main branch\n\n")
                narrator = Narrator(self._say, manifests.PROJECT)
                self._follow(narrator, repositories, pattern, children)
                if not options["once"]:
                    self._stay(narrator, repositories, pattern, children, address)
            except PlatformError as error:
                raise CommandError(error.message) from error
            except KeyboardInterrupt:
                self.stdout.write("\nStopped.")

    def _apply(self, repositories: Repositories, pattern: str) -> None:
        text = manifests.render_manifests(repositories, pattern=pattern)
        (VAR_DIR / "manifests.yaml").write_text(text)
        call_command("apply", "-f", str(VAR_DIR / "manifests.yaml"), stdout=self.stdout)

    def _introduce(self, address: str, password: str, repositories: Repositories) -> None:
        self.stdout.write(
            f"\nPortal         {address}/projects/{manifests.PROJECT}\n"
            f"Sign in as     admin\nPassword       {password}\n"
            f"Admin          {address}/admin/\n"
            f"Application    {repositories.application}\n"
            f"Configuration  {repositories.configuration}\n"
            f"Manifests      {VAR_DIR / 'manifests.yaml'}\n"
        )

    def _follow(
        self, narrator: Narrator, repositories: Repositories, pattern: str, children: Children
    ) -> None:
        """Narrate until prod runs the newest commit."""
        wanted, _ = newest_commit(repositories)
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while _released("prod", repositories, pattern) != wanted:
            if time.monotonic() > deadline:
                narrator.look()
                raise CommandError(
                    f"{wanted[:7]} has not reached prod within {_TIMEOUT_SECONDS} s; "
                    f"see above and {children.log}."
                )
            children.check()
            narrator.look()
            time.sleep(_LOOK_SECONDS)
        self._settle(narrator)
        self._show(repositories, pattern)

    def _settle(self, narrator: Narrator) -> None:
        """Narrate until nothing is promoted any more, so that the story has its end."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            narrator.look()
            if not narrator.is_waiting():
                return
            time.sleep(_LOOK_SECONDS)

    def _show(self, repositories: Repositories, pattern: str) -> None:
        self.stdout.write("\nWhat the configuration repository says now:\n")
        for stage in STAGES:
            branch, release, folder = manifests.release_of(stage, pattern=pattern)
            revision = released_revision(repositories, branch, release)
            self.stdout.write(f"\n{stage} runs {revision[:7]}; {branch} ({release})")
            path = "" if pattern == "branches" else folder
            for line in branch_log(repositories, branch, path=path):
                self.stdout.write(f"  {line}")

    def _stay(
        self,
        narrator: Narrator,
        repositories: Repositories,
        pattern: str,
        children: Children,
        address: str,
    ) -> None:
        """Keep everything up, and follow whatever else is pushed."""
        checkout = repositories.folder / "work" / "shop"
        self.stdout.write(
            f"\nThe portal stays at {address}/projects/{manifests.PROJECT} until Ctrl-C."
            f"\nPush another change:\n  cd {checkout} && echo GREETING=Hi > settings.env"
            " && git commit -am 'Greet shorter' && git push\n"
        )
        seen, _ = newest_commit(repositories)
        while True:
            children.check()
            narrator.look()
            newest, subject = newest_commit(repositories)
            if newest != seen:
                self.stdout.write(f"\nSomebody pushed {newest[:7]} “{subject}”\n\n")
                self._follow(narrator, repositories, pattern, children)
                seen = newest
            time.sleep(_LOOK_SECONDS * 2)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _released(stage: str, repositories: Repositories, pattern: str) -> str:
    branch, release, _ = manifests.release_of(stage, pattern=pattern)
    return released_revision(repositories, branch, release)


def _restart_in_own_folder() -> None:
    """Run the command again with settings that keep everything in a fresh folder of its own."""
    folder = BASE_DIR / "var" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    environment = {
        **os.environ,
        _FOLDER: str(folder),
        "KARGO_VAR_DIR": str(folder),
        "KARGO_GIT_ALLOW_LOCAL": "1",
        "DATABASE_URL": f"sqlite:///{folder}/kargo.sqlite3",
        "KARGO_LOG_LEVEL": "INFO",
    }
    folder.mkdir(parents=True)
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)  # noqa: S606 - ourselves
