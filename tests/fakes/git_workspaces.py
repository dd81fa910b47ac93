"""Workspaces without Git: they note what they are asked and answer as they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from promotions.ports.control_plane import GitIdentity
from promotions.ports.workspaces import (
    CloneRequest,
    Committed,
    Pushed,
    PushRequest,
    Signature,
    TagRequest,
    TreeChanges,
)


@dataclass
class ScriptedWorkspaces:
    """Answers every request; ``failure`` is raised instead, if there is one.

    ``signed`` are the signatures by commit, ``changed`` what :meth:`changes` returns, ``base`` the
    files of every commit that was checked out, by path.
    """

    url: str = "https://github.com/example/config.git"
    commit_id: str = "c0ffee"
    created: bool = True
    failure: Exception | None = None
    clones: list[CloneRequest] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    commits: list[tuple[str, str, GitIdentity | None]] = field(default_factory=list)
    pushes: list[PushRequest] = field(default_factory=list)
    tags: list[TagRequest] = field(default_factory=list)
    integrations: list[PushRequest] = field(default_factory=list)
    adoptions: list[PushRequest] = field(default_factory=list)
    deletions: list[PushRequest] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    signed: dict[str, Signature] = field(default_factory=dict)
    changed: tuple[TreeChanges, ...] = ()
    base: dict[str, str] = field(default_factory=dict)

    def clone(self, request: CloneRequest) -> tuple[str, ...]:
        self._fail()
        self.clones.append(request)
        return tuple(f"{self.commit_id}{index}" for index, _ in enumerate(request.checkouts))

    def original_url(self, *, workdir: str, path: str) -> str:
        self._fail()
        return self.url

    def head(self, *, workdir: str, path: str) -> Pushed:
        self._fail()
        return Pushed(commit=self.commit_id, branch="main")

    def clear(self, *, workdir: str, path: str) -> None:
        self._fail()
        self.cleared.append(path)

    def commit(
        self, *, workdir: str, path: str, message: str, author: GitIdentity | None = None
    ) -> Committed:
        self._fail()
        self.commits.append((path, message, author))
        return Committed(commit=self.commit_id, created=self.created)

    def push(self, request: PushRequest) -> Pushed:
        self._fail()
        self.pushes.append(request)
        return Pushed(commit=self.commit_id, branch="" if request.tag else request.branch or "main")

    def tag(self, request: TagRequest) -> str:
        self._fail()
        self.tags.append(request)
        return self.commit_id

    def integrate(self, request: PushRequest) -> Pushed:
        self._fail()
        self.integrations.append(request)
        return Pushed(commit=self.commit_id, branch=request.branch or "main")

    def signatures(
        self, *, workdir: str, path: str, commits: Sequence[str]
    ) -> Mapping[str, Signature]:
        self._fail()
        unsigned = Signature(state="N", signer="", author="Kargo <no-reply@kargo.io>")
        return {commit: self.signed.get(commit, unsigned) for commit in commits}

    def adopt(self, request: PushRequest) -> Pushed:
        self._fail()
        self.adoptions.append(request)
        return Pushed(commit=self.commit_id, branch=request.branch or "main")

    def delete_ref(self, request: PushRequest) -> None:
        self._fail()
        self.deletions.append(request)

    def changes(self, *, workdir: str, limit: int) -> tuple[TreeChanges, ...]:
        self._fail()
        return self.changed

    def base_files(self, *, workdir: str, path: str, target: str, only: Sequence[str] = ()) -> None:
        self._fail()
        Path(target).mkdir(parents=True)
        for name, text in self.base.items():
            if not only or name in only:
                file = Path(target, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

    def release(self, *, workdir: str) -> None:
        self.released.append(workdir)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
