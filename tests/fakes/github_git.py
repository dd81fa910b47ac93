"""The fake GitHub's commits and refs, which are those of the real bare repository.

* "Git database / Git commits: Create a commit": 201; ``message``, ``tree`` and ``parents``; the
  author is the caller unless given, the committer the author; 422 if tree or parent is missing.
  GitHub documentation, "About commit signature verification": for a bot, without author and
  committer, GitHub signs.
* "Git references: Get / Create / Update a reference": 404; 422 "Reference already exists",
  "Object does not exist", "Reference does not exist", "Update is not a fast forward".
* "Commits: Compare two commits": ``status``, ``merge_base_commit``, ``total_commits``, the
  commits from the oldest to the newest, by pages; 404 if there is no common ancestor.
"""

import subprocess
from collections.abc import Sequence

from common.jsontypes import JSONValue, as_list, as_object, as_text
from tests.fakes.github import FakeGitHub, Repository, error, paged
from tests.fakes.scm_server import Handler, Json, Reply, Request

_NOBODY = {"name": "GitHub", "email": "noreply@github.com"}


def routes(github: FakeGitHub) -> Sequence[tuple[str, str, Handler]]:
    base = "/repos/{owner}/{repo}"
    server = _Git(github)
    return (
        ("GET", f"{base}/git/ref/{{ref}}", server.get_ref),
        ("POST", f"{base}/git/refs", server.create_ref),
        ("PATCH", f"{base}/git/refs/{{ref}}", server.update_ref),
        ("POST", f"{base}/git/commits", server.create_commit),
        ("GET", f"{base}/compare/{{basehead}}", server.compare),
    )


class _Git:
    def __init__(self, github: FakeGitHub) -> None:
        self.github = github

    def get_ref(self, request: Request, owner: str, repo: str, ref: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        found = _at(repository, ref)
        return Reply(200, _ref(ref, found)) if found else error(404, "Not Found")

    def create_ref(self, request: Request, owner: str, repo: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        ref, commit = as_text(request.body.get("ref")), as_text(request.body.get("sha"))
        if not ref.startswith("refs/") or ref.count("/") < 2:
            return error(422, "Reference name must start with 'refs/' and have two slashes")
        if not repository.has(commit):
            return error(422, "Object does not exist")
        try:
            repository.git("update-ref", ref, commit, "0" * 40)
        except subprocess.CalledProcessError:
            return error(422, "Reference already exists")
        return Reply(201, _ref(ref.removeprefix("refs/"), commit))

    def update_ref(self, request: Request, owner: str, repo: str, ref: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        commit, old = as_text(request.body.get("sha")), _at(repository, ref)
        if not old:
            return error(422, "Reference does not exist")
        if not repository.has(commit):
            return error(422, "Object does not exist")
        if request.body.get("force") is not True and not _is_ancestor(repository, old, commit):
            return error(422, "Update is not a fast forward")
        repository.git("update-ref", f"refs/{ref}", commit, old)
        return Reply(200, _ref(ref, commit))

    def create_commit(self, request: Request, owner: str, repo: str) -> Reply:
        repository = self.github.repository(request, owner, repo, writes=True)
        body = request.body
        message, tree = as_text(body.get("message")), as_text(body.get("tree"))
        parents = [as_text(it) for it in as_list(body.get("parents"))]
        if not message or not tree:
            return error(422, 'Invalid request.\n\n"message", "tree" weren\'t supplied.')
        if not repository.has(tree, "tree"):
            return error(422, "Tree SHA does not exist")
        if not all(repository.has(parent) for parent in parents):
            return error(422, "Parent SHA does not exist or is not a commit object")
        caller = self.github.caller(request)
        assert caller is not None
        email = f"1+{caller.login}@users.noreply.github.com"
        author = as_object(body.get("author")) or {"name": caller.login, "email": email}
        is_plain = "author" not in body and "committer" not in body
        committer = as_object(body.get("committer")) or (_NOBODY if is_plain else author)
        env = {**_person("AUTHOR", author), **_person("COMMITTER", committer)}
        options = [word for parent in parents for word in ("-p", parent)]
        made = repository.git("commit-tree", tree, *options, "-F", "-", stdin=message, env=env)
        if caller.is_app and is_plain:
            repository.verified.add(made)
        return Reply(201, {"sha": made, "verification": {"verified": made in repository.verified}})

    def compare(self, request: Request, owner: str, repo: str, basehead: str) -> Reply:
        repository = self.github.repository(request, owner, repo)
        base, _, head = basehead.partition("...")
        if not (repository.has(base) and repository.has(head)):
            return error(404, "Not Found")
        try:
            merge_base = repository.git("merge-base", base, head)
        except subprocess.CalledProcessError:
            return error(404, f"No common ancestor between {base} and {head}.")
        listed = repository.git("rev-list", "--reverse", "--topo-order", f"{base}..{head}")
        ahead = listed.split()
        behind = repository.git("rev-list", f"{head}..{base}").split()
        commits = [_commit(repository, it) for it in ahead]
        page = paged(request, commits, wrap="commits", most=250)
        assert isinstance(page.body, dict)
        status = {
            (True, True): "diverged",
            (True, False): "ahead",
            (False, True): "behind",
            (False, False): "identical",
        }[bool(ahead), bool(behind)]
        body: Json = {
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "base_commit": _commit(repository, base),
            "merge_base_commit": _commit(repository, merge_base),
            "commits": page.body["commits"],
        }
        return Reply(200, body, page.headers)


def _at(repository: Repository, ref: str) -> str:
    try:
        return repository.git("rev-parse", "--verify", "--quiet", f"refs/{ref}^{{commit}}")
    except subprocess.CalledProcessError:
        return ""


def _ref(ref: str, commit: str) -> Json:
    return {"ref": f"refs/{ref}", "object": {"type": "commit", "sha": commit}}


def _is_ancestor(repository: Repository, old: str, new: str) -> bool:
    try:
        repository.git("merge-base", "--is-ancestor", old, new)
    except subprocess.CalledProcessError:
        return False
    return True


def _person(role: str, given: JSONValue) -> dict[str, str]:
    person = as_object(given)
    env = {
        f"GIT_{role}_NAME": as_text(person.get("name")),
        f"GIT_{role}_EMAIL": as_text(person.get("email")),
    }
    date = as_text(person.get("date"))
    return {**env, f"GIT_{role}_DATE": date} if date else env


def _commit(repository: Repository, commit: str) -> Json:
    shown = repository.git(
        "show", "-s", "--format=%T%n%P%n%an%n%ae%n%aI%n%cn%n%ce%n%cI%n%B", commit
    ).split("\n", 8)
    tree, parents, *people = shown[:8]
    author = dict(zip(("name", "email", "date"), people[:3], strict=True))
    committer = dict(zip(("name", "email", "date"), people[3:], strict=True))
    details: Json = {
        "message": shown[8].rstrip("\n"),
        "tree": {"sha": tree},
        "author": {**author},
        "committer": {**committer},
    }
    return {
        "sha": commit,
        "commit": details,
        "parents": [{"sha": it} for it in parents.split()],
    }
