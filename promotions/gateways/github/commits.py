"""Commits and refs of a repository, made and moved through GitHub's REST API.

Source: GitHub REST documentation, "Git database" (commits, references) and "Commits: Compare two
commits".
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from common.locks import file_lock
from promotions.gateways.github.access import GitHubRepository
from promotions.ports.github import CommitPerson, ComparedCommit, Comparison, NewCommit
from promotions.ports.scm import ScmNotFoundError, ScmUnavailableError

_CREATED = 201
_OK = 200
_UNPROCESSABLE = 422
_PER_PAGE = 250
_TURN_TIMEOUT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RepositoryCommits:
    """:class:`~promotions.ports.github.GitHubCommits` of one repository.

    Attributes:
        locks: Folder for the locks of those that push to the same branch.
    """

    repository: GitHubRepository
    locks: Path

    def ref(self, name: str) -> str:
        """Return the commit that ``heads/<branch>`` is at; empty if there is no such ref."""
        try:
            answer = self._call("GET", f"git/ref/{_quoted(name)}")
        except ScmNotFoundError:
            # A repository that cannot be seen answers 404 too, and is no missing branch.
            self._call("GET", "")
            return ""
        return as_text(as_object(as_object(answer).get("object")).get("sha"))

    def default_branch(self) -> str:
        """Return the short name of the default branch."""
        return as_text(as_object(self._call("GET", "")).get("default_branch"))

    def compare(self, base: str, head: str, *, limit: int) -> Comparison:
        """Return how two commits stand, with at most ``limit`` of the commits between them."""
        path = f"{self.repository.path}/compare/{_quoted(base)}...{_quoted(head)}"
        first: JSONObject = {}
        commits: list[ComparedCommit] = []
        for page in self.repository.api.pages(path, params=(("per_page", str(_PER_PAGE)),)):
            document = as_object(page)
            first = first or document
            commits += [_compared(as_object(it)) for it in as_list(document.get("commits"))]
            if _total(first) > limit or len(commits) >= _total(first):
                break
        return Comparison(
            status=as_text(first.get("status")),
            merge_base=as_text(as_object(first.get("merge_base_commit")).get("sha")),
            base=_compared(as_object(first.get("base_commit"))),
            total=max(_total(first), len(commits)),
            commits=tuple(commits[:limit]),
        )

    def create_commit(self, commit: NewCommit) -> str:
        """Create a commit that no ref has yet, and return its id."""
        body: dict[str, JSONValue] = {
            "message": commit.message,
            "tree": commit.tree,
            "parents": list(commit.parents),
        }
        if commit.author is not None:
            body["author"] = _written(commit.author)
        if commit.committer is not None:
            body["committer"] = _written(commit.committer)
        created = as_text(as_object(self._call("POST", "git/commits", body)).get("sha"))
        if not created:
            raise ScmUnavailableError("GitHub did not name the commit it made.", retryable=True)
        return created

    def create_ref(self, name: str, commit: str) -> bool:
        """Create a ref, and tell whether there was none of that name."""
        answer = self.repository.api.call(
            "POST",
            f"{self.repository.path}/git/refs",
            body={"ref": f"refs/{name}", "sha": commit},
            accept=(_CREATED, _UNPROCESSABLE),
        )
        return answer.status == _CREATED

    def update_ref(self, name: str, commit: str, *, force: bool) -> bool:
        """Move a ref, and tell whether that was a fast-forward or forced."""
        answer = self.repository.api.call(
            "PATCH",
            f"{self.repository.path}/git/refs/{_quoted(name)}",
            body={"sha": commit, "force": force},
            accept=(_OK, _UNPROCESSABLE),
        )
        return answer.status == _OK

    @contextmanager
    def turn(self, branch: str) -> Iterator[None]:
        """Wait until nobody else on this host pushes to ``branch`` in this way."""
        named = f"{self.repository.api.base_url}{self.repository.path}\0{branch}"
        digest = hashlib.sha256(named.encode()).hexdigest()[:32]
        with file_lock(self.locks / f"github-{digest}.lock", timeout=_TURN_TIMEOUT):
            yield

    def _call(self, method: str, path: str, body: JSONValue = None) -> JSONValue:
        full = f"{self.repository.path}/{path}".rstrip("/")
        return self.repository.api.call(method, full, body=body).body


def _quoted(name: str) -> str:
    return quote(name, safe="/")


def _total(document: JSONObject) -> int:
    total = document.get("total_commits")
    return total if isinstance(total, int) else 0


def _compared(entry: JSONObject) -> ComparedCommit:
    commit = as_object(entry.get("commit"))
    parents = as_list(entry.get("parents"))
    return ComparedCommit(
        id=as_text(entry.get("sha")),
        tree=as_text(as_object(commit.get("tree")).get("sha")),
        message=as_text(commit.get("message")),
        parents=tuple(as_text(as_object(parent).get("sha")) for parent in parents),
        author=_person(as_object(commit.get("author"))),
        committer=_person(as_object(commit.get("committer"))),
    )


def _person(entry: JSONObject) -> CommitPerson | None:
    if not entry:
        return None
    name, email = as_text(entry.get("name")), as_text(entry.get("email"))
    return CommitPerson(name, email, as_text(entry.get("date")))


def _written(person: CommitPerson) -> JSONObject:
    written = {"name": person.name, "email": person.email}
    return {**written, "date": person.date} if person.date else written
