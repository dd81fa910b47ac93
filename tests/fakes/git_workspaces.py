"""Workspaces without Git: they note what they are asked and answer as they are told."""

from dataclasses import dataclass, field

from promotions.ports.control_plane import GitIdentity
from promotions.ports.workspaces import CloneRequest, Committed, Pushed, PushRequest


@dataclass
class ScriptedWorkspaces:
    """Answers every request; ``failure`` is raised instead, if there is one."""

    url: str = "https://github.com/example/config.git"
    commit_id: str = "c0ffee"
    created: bool = True
    failure: Exception | None = None
    clones: list[CloneRequest] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    commits: list[tuple[str, str, GitIdentity | None]] = field(default_factory=list)
    pushes: list[PushRequest] = field(default_factory=list)

    def clone(self, request: CloneRequest) -> tuple[str, ...]:
        self._fail()
        self.clones.append(request)
        return tuple(f"{self.commit_id}{index}" for index, _ in enumerate(request.checkouts))

    def original_url(self, *, workdir: str, path: str) -> str:
        self._fail()
        return self.url

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

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
