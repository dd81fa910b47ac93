"""Runs commands of `kargo` that change something, as the stock one would: a line for a line.

It stands in for the binary: what it sends, in which order, and what it prints and exits with, are
those of 1.11. ``Kargo(session, project="demo").run("create token --role dev my-token")``.
"""

import json
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.compat.cli import access_commands, keyed_commands, pipeline_commands
from tests.compat.cli.outcomes import Outcome
from tests.compat.cli.session import Answer, CliError, Session

Command = Callable[[Session, Namespace, Outcome], None]

_TEXTS = ("description", "role", "stage", "freight", "freight-alias", "warehouse")
_REPO = ("type", "repo-url", "username", "password")
_MANY = ("set", "unset", "claim", "verb")
_SWITCHES = ("shared", "system", "git", "helm", "image", "regex", "abort", "recursive")
_OTHER = ("downstream-from", "old-alias", "new-alias", "resource-type", "resource-name")

_KEYED = ("configmap", "generic-credentials", "repo-credentials")
_CONFIGS = ("clusterconfig", "projectconfig")
_NAMED: dict[tuple[str, str], Command] = {
    ("create", "project"): pipeline_commands.create_project,
    ("create", "role"): access_commands.create_role,
    ("create", "token"): access_commands.create_token,
    ("delete", "role"): access_commands.delete_role,
    ("delete", "token"): access_commands.delete_token,
    ("delete", "projectconfig"): pipeline_commands.delete_project_config,
    ("delete", "clusterconfig"): pipeline_commands.delete_cluster_config,
    ("verify", "stage"): pipeline_commands.verify,
    **{("create", it): keyed_commands.create for it in _KEYED},
    **{("update", it): keyed_commands.update for it in _KEYED},
    **{("delete", it): keyed_commands.delete for it in _KEYED},
    **{("delete", it): pipeline_commands.delete_named for it in ("project", "stage", "warehouse")},
    **{("refresh", it): pipeline_commands.refresh for it in ("stage", "warehouse", *_CONFIGS)},
}
"""Commands that take a noun, and a name or several after it."""
_FLAGGED: dict[tuple[str, str], Command] = {
    ("update", "freight"): pipeline_commands.update_freight,
    ("delete", "freight"): pipeline_commands.delete_freight,
}
"""Commands that take a noun, and names only as flags."""
_VERBS: dict[str, Command] = {
    "apply": pipeline_commands.apply,
    "create": pipeline_commands.create,
    "delete": pipeline_commands.delete,
    "promote": pipeline_commands.promote,
    "approve": pipeline_commands.approve,
    "grant": access_commands.grant,
    "revoke": access_commands.revoke,
}
"""Commands without a noun."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the server sees it."""

    method: str
    url: str
    headers: dict[str, str]
    payload: bytes | None

    def line(self, address: str) -> str:
        """Return the request in short: method, path and query, and the body if there is one."""
        text = f"{self.method} {self.url.removeprefix(address)}"
        return text if self.payload is None else f"{text} {self.payload.decode().rstrip()}"


@dataclass(frozen=True, slots=True)
class Recorded(Session):
    """A session that remembers what it sent."""

    sent: list[Sent] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: dict[str, str], payload: bytes | None = None
    ) -> Answer:
        """Send a request, and remember it."""
        self.sent.append(Sent(method, url, headers, payload))
        return Session.send(self, method, url, headers, payload)


@dataclass(frozen=True, slots=True)
class Kargo:
    """A command line that is logged in; ``project`` is its default one."""

    session: Session
    project: str = ""

    def run(self, line: str) -> Outcome:
        """Run a command, such as ``delete stage one two``."""
        words, out = shlex.split(line), Outcome()
        command, rest, noun = _found(words)
        flags = _parser(takes_names=(words[0], noun) in _NAMED).parse_args(rest)
        flags.noun, flags.project = noun, flags.project or self.project
        flags.names = list(_compact(getattr(flags, "names", [])))
        if (words[0], noun) != ("delete", "freight"):
            flags.name = next(iter(flags.names or flags.name), "")
        try:
            command(self.session, flags, out)
        except CliError as error:
            out.errors.append(str(error))
        return out

    def requests(self, line: str) -> list[str]:
        """Run a command and return what it sent, in short; it must succeed."""
        session = Recorded(self.session.address, self.session.token)
        outcome = Kargo(session, self.project).run(line)
        assert outcome.errors == []
        return [it.line(session.address) for it in session.sent]


def in_short(request: str, **body: Any) -> str:
    """Return a request with a body in JSON, in short; what HTML minds is escaped."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f"{request} {text}"


def _found(words: list[str]) -> tuple[Command, list[str], str]:
    verb, noun = words[0], words[1] if len(words) > 1 else ""
    command = _NAMED.get((verb, noun)) or _FLAGGED.get((verb, noun))
    return (command, words[2:], noun) if command else (_VERBS[verb], words[1:], "")


def _parser(*, takes_names: bool) -> ArgumentParser:
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--project", "-p", default="")
    parser.add_argument("--filename", "-f", action="append", default=[])
    for flag in (*_TEXTS, *_REPO, *_OTHER):
        parser.add_argument(f"--{flag}", default="")
    for flag in (*_MANY, "name", "alias"):
        parser.add_argument(f"--{flag}", action="append", default=[])
    for flag in _SWITCHES:
        parser.add_argument(f"--{flag}", action="store_true")
    if takes_names:
        parser.add_argument("names", nargs="*")
    return parser


def _compact(names: list[str]) -> Iterator[str]:
    """Yield names without those that repeat the one before."""
    for index, name in enumerate(names):
        if not index or names[index - 1] != name:
            yield name
