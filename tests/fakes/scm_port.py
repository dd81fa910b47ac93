"""Pull requests without a provider, for tests of the steps."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from common.errors import PlatformError
from promotions.ports.scm import (
    NewPullRequest,
    PullRequest,
    PullRequestFilter,
    PullRequestQuery,
    PullRequests,
    RepositoryAccess,
    ScmNotFoundError,
)


@dataclass
class ScriptedPullRequests:
    """Pull requests by number, with errors to raise by what is asked.

    Attributes:
        ends: Source and target of each, by number.
        errors: What ``create``, ``label``, ``get``, ``find`` or ``merge`` raises.
        lost: What ``create`` or ``merge`` raises after it has done its work.
    """

    known: dict[int, PullRequest] = field(default_factory=dict)
    ends: dict[int, tuple[str, str]] = field(default_factory=dict)
    is_ready: bool = True
    errors: dict[str, PlatformError] = field(default_factory=dict)
    lost: dict[str, PlatformError] = field(default_factory=dict)
    created: list[NewPullRequest] = field(default_factory=list)
    queries: list[PullRequestQuery] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    labels: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, request: PullRequest, *, source: str, target: str) -> None:
        self.known[request.number] = request
        self.ends[request.number] = (source, target)

    def create(self, request: NewPullRequest) -> PullRequest:
        self._raise("create", self.errors)
        self.created.append(request)
        number = len(self.known) + 1
        made = PullRequest(number, f"https://host/pr/{number}", is_open=True, is_merged=False)
        self.add(made, source=request.source, target=request.target)
        self._raise("create", self.lost)
        return made

    def label(self, number: int, labels: Sequence[str]) -> None:
        self._raise("label", self.errors)
        self.labels[number] = tuple(labels)

    def get(self, number: int) -> PullRequest:
        self._raise("get", self.errors)
        if number not in self.known:
            raise ScmNotFoundError("not there", retryable=False, status=404)
        return self.known[number]

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        self._raise("find", self.errors)
        self.queries.append(query)
        return [it for it in self.known.values() if self._fits(it, query)]

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        self._raise("merge", self.errors)
        self.methods.append(method)
        found = self.get(number)
        if not self.is_ready:
            return None
        merged = replace(found, is_open=False, is_merged=True, merge_commit=found.merge_commit)
        self.known[number] = merged
        self._raise("merge", self.lost)
        return merged

    def _fits(self, request: PullRequest, query: PullRequestQuery) -> bool:
        source, target = self.ends[request.number]
        return (
            (query.state is PullRequestFilter.ANY or request.is_open)
            and query.source in {"", source}
            and query.target in {"", target}
            and query.head_commit in {"", request.head_commit}
        )

    @staticmethod
    def _raise(what: str, errors: dict[str, PlatformError]) -> None:
        if what in errors:
            raise errors.pop(what)


@dataclass
class ScriptedProviders:
    """Opens the same pull requests whatever is asked for, and notes how."""

    pull: PullRequests
    error: PlatformError | None = None
    opened: list[RepositoryAccess] = field(default_factory=list)

    def pull_requests(self, access: RepositoryAccess) -> PullRequests:
        self.opened.append(access)
        if self.error is not None:
            raise self.error
        return self.pull
