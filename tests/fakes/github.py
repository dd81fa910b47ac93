"""A GitHub to test against: its REST API and its Git, both over real HTTP, on real repositories.

Each rule names the page of GitHub's REST documentation (docs.github.com/en/rest, API version
2022-11-28) that it is from. This module: who is asking and what they may see.

* "Getting started with the REST API": ``Authorization: Bearer``; a wrong token is 401 "Bad
  credentials"; what a token may not see is 404, what it may see and not do is 403; names of owners
  and repositories do not heed case.
* "Using pagination in the REST API": ``per_page`` (30, at most 100), ``page``, ``Link``.
* "Rate limits for the REST API": 403 or 429 with ``retry-after`` (:func:`secondary_limit`) or
  with ``x-ratelimit-remaining: 0`` (:func:`primary_limit`).
* "Repositories: Get a repository"; "Users: Get the authenticated user", which a GitHub App's
  installation token may not.
* GitHub documentation, "Authenticating as a GitHub App installation": the token is the password
  of Git over HTTP, with any user name.
"""

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from wsgiref.types import StartResponse, WSGIEnvironment

from common.jsontypes import JSONValue
from tests.fakes.git_http_server import GitHTTPServer
from tests.fakes.git_origin import Origin
from tests.fakes.scm_server import (
    ApiServer,
    Handler,
    Json,
    Refusal,
    Reply,
    Request,
    Routes,
    Site,
    serving as serving_site,
)

_PREFIX = "/api/v3"
_MOST_PER_PAGE = 100


@dataclass(frozen=True)
class Caller:
    """Who a token belongs to; ``repositories`` is empty for all, names in lower case."""

    login: str
    is_app: bool = False
    repositories: frozenset[str] = frozenset()
    read_only: bool = False

    def sees(self, name: str) -> bool:
        return not self.repositories or name in self.repositories


@dataclass
class Repository:
    """One repository: its Git in ``origin``, and all else that GitHub keeps about it."""

    owner: str
    name: str
    origin: Origin
    is_private: bool = True
    default_branch: str = "main"
    items: dict[int, Json] = field(default_factory=dict)
    unindexed: set[int] = field(default_factory=set)
    comments: dict[int, Json] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)
    workflows: dict[str, Json] = field(default_factory=dict)
    runs: dict[int, Json] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def git(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        """Run Git in the bare repository and return what it printed.

        Raises:
            subprocess.CalledProcessError: It failed.
        """
        done = subprocess.run(  # noqa: S603 - the fake's own arguments
            ["git", *arguments],  # noqa: S607 - the tests want PATH's git
            cwd=self.origin.path,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent", **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def has(self, revision: str, kind: str = "commit") -> bool:
        try:
            self.git("cat-file", "-e", f"{revision}^{{{kind}}}")
        except subprocess.CalledProcessError:
            return False
        return True

    def next_number(self) -> int:
        return max(self.items, default=0) + 1


@dataclass
class FakeGitHub:
    """All of the fake's state. ``apps`` holds public keys (PEM) by app id or client id."""

    root: Path
    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Caller] = field(default_factory=dict)
    apps: dict[str, bytes] = field(default_factory=dict)
    installations: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC)  # noqa: TID251 - it has a clock of its own
    groups: Sequence["Group"] = ()

    def add(
        self, owner: str, name: str, *, is_private: bool = True, has_git: bool = True
    ) -> Repository:
        """Create a repository, with one commit on ``main`` unless it has no Git."""
        path = self.root / owner / f"{name}.git"
        path.parent.mkdir(parents=True, exist_ok=True)
        origin = Origin.create(path) if has_git else Origin(path)
        repository = Repository(owner, name, origin, is_private=is_private)
        self.repositories[repository.full_name.lower()] = repository
        return repository

    def user(self, login: str, token: str, *, read_only: bool = False) -> None:
        """Let somebody in with a personal access token."""
        self.tokens[token] = Caller(login, read_only=read_only)

    def __call__(self, request: Request) -> Reply:
        path = request.path.removeprefix(_PREFIX)
        # A ref's slashes are sent as they are, and a route's part has none.
        path = re.sub(r"(/git/refs?/)(.+)$", lambda it: it[1] + it[2].replace("/", "%2F"), path)
        plain = Request(request.method, path, request.query, request.headers, request.content)
        table = [route for group in self.groups for route in group(self)]
        reply = Routes([*table, *self._routes()])(plain)
        date = self.clock().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return Reply(reply.status, reply.body, (("Date", date), *reply.headers), reply.raw)

    def caller(self, request: Request) -> Caller | None:
        """Return who asks; ``None`` is nobody in particular.

        Raises:
            Refusal: The token is wrong.
        """
        header = request.header("authorization")
        if not header:
            return None
        scheme, _, token = header.partition(" ")
        caller = self.tokens.get(token) if scheme.lower() in {"bearer", "token"} else None
        if caller is None:
            raise Refusal(error(401, "Bad credentials"))
        return caller

    def repository(
        self, request: Request, owner: str, name: str, *, writes: bool = False
    ) -> Repository:
        """Return the repository, if the caller may do this there.

        Raises:
            Refusal: It is not there, or not for this caller.
        """
        caller = self.caller(request)
        found = self.repositories.get(f"{owner}/{name}".lower())
        seen = found is not None and (caller.sees(found.name.lower()) if caller else True)
        if found is None or not seen or (found.is_private and caller is None):
            raise Refusal(error(404, "Not Found"))
        if writes and caller is None:
            raise Refusal(error(401, "Requires authentication"))
        if writes and caller is not None and caller.read_only:
            what = "integration" if caller.is_app else "personal access token"
            raise Refusal(error(403, f"Resource not accessible by {what}"))
        return found

    def time(self) -> str:
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/repos/{owner}/{repo}", self._show), ("GET", "/user", self._user))

    def _show(self, request: Request, owner: str, repo: str) -> Reply:
        found = self.repository(request, owner, repo)
        return Reply(200, {"full_name": found.full_name, "default_branch": found.default_branch})

    def _user(self, request: Request) -> Reply:
        caller = self.caller(request)
        if caller is None:
            return error(401, "Requires authentication")
        if caller.is_app:
            return error(403, "Resource not accessible by integration")
        return Reply(200, {"login": caller.login, "type": "User"})


@dataclass
class _CheckedGit:
    """Git over HTTP for those whose password is a token that the API takes as well."""

    github: FakeGitHub
    git: GitHTTPServer

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        try:
            pair = base64.b64decode(environ.get("HTTP_AUTHORIZATION", "").partition(" ")[2])
        except binascii.Error:
            pair = b""
        caller = self.github.tokens.get(pair.decode().partition(":")[2])
        name = environ["PATH_INFO"].split("/")[2].removesuffix(".git").lower()
        if caller is None or not caller.sees(name):
            respond("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="GitHub"')])
            return [b""]
        return self.git(environ, respond)


Group: TypeAlias = Callable[[FakeGitHub], Sequence[tuple[str, str, Handler]]]
"""What makes the routes of one part of the API."""


@contextmanager
def serving(github: FakeGitHub) -> Iterator[ApiServer]:
    """Serve API and Git on one free port, as GitHub Enterprise Server does on one host."""
    api = ApiServer(github)
    git = _CheckedGit(github, GitHTTPServer(root=github.root))
    with serving_site(Site(api, git, (_PREFIX,))) as url:
        api.url = github.url = url
        yield api


def error(status: int, message: str, *errors: Json) -> Reply:
    """Return a failure as GitHub words it."""
    body: Json = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return Reply(status, {**body, "errors": list(errors)} if errors else body)


def invalid(resource: str, name: str, code: str, message: str = "") -> Reply:
    """Return the failed validation of one field ("Getting started": "Validation failed")."""
    problem: Json = {"resource": resource, "field": name, "code": code}
    return error(422, "Validation Failed", {**problem, "message": message} if message else problem)


def secondary_limit(*, seconds: int = 1) -> Reply:
    """Return the answer to somebody who asks too often in too short a time."""
    words = "You have exceeded a secondary rate limit. Please wait a few minutes."
    return Reply(403, {"message": words}, (("Retry-After", str(seconds)),))


def primary_limit(reset: int) -> Reply:
    """Return the answer to somebody who has no requests left until ``reset``."""
    headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", str(reset)))
    return Reply(403, {"message": "API rate limit exceeded for user ID 1."}, headers)


def paged(request: Request, items: Sequence[JSONValue], *, wrap: str = "", most: int = 0) -> Reply:
    """Return one page of ``items``, bare or under the key ``wrap``, with links to the others."""
    size = min(int(request.param("per_page") or "30"), most or _MOST_PER_PAGE)
    number = int(request.param("page") or "1")
    start = (number - 1) * size
    part = list(items[start : start + size])
    headers: tuple[tuple[str, str], ...] = ()
    if start + size < len(items):
        others = "".join(f"&{k}={v}" for k, v in request.query if k != "page")
        target = f"{_PREFIX}{request.path}?page={number + 1}{others}"
        headers = (("Link", f'<{target}>; rel="next", <{target}>; rel="last"'),)
    body: JSONValue = {"total_count": len(items), wrap: part} if wrap else part
    return Reply(200, body, headers)
