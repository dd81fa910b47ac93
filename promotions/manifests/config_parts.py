"""What the configuration of a project and of a whole tenant share: receivers, windows, links."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from common.errors import FieldProblem, InvalidError
from promotions.engine.windows.windows import parse_span
from promotions.manifests.schema import Model, NamedReference, ResourceName, Strings, Text
from promotions.manifests.selectors import LabelSelector, NameSelector, selector_problems

MOST_WINDOWS = 100


class Link(Model):
    """A link that the portal shows; every part but the title may hold expressions."""

    title: Text
    url: Text
    description: str | None = None
    condition: str | None = Field(default=None, alias="if")


class Window(Model):
    """When promotions are allowed or denied."""

    name: ResourceName
    kind: Literal["Allow", "Deny"]
    stage_selector: NameSelector | None = None
    project_selector: NameSelector | None = None
    rrule: str | None = None
    dtstart: str | None = None
    dtend: str | None = None


class IndexRequirement(Model):
    """One entry of ``matchIndices``."""

    key: Literal["subscribedURLs", "receiverPaths"]
    operator: Literal["Equals", "NotEquals"]
    value: str


class IndexSelector(Model):
    """Objects by what an index says of them."""

    match_indices: Annotated[list[IndexRequirement], Field(min_length=1)]


class Criterion(Model):
    """Which objects an action is for; at least one of the three ways to say so."""

    kind: Literal["Warehouse"]
    name: str | None = None
    label_selector: LabelSelector | None = None
    index_selector: IndexSelector | None = None

    @property
    def has_labels(self) -> bool:
        """Whether it says anything of labels; an empty selector does not."""
        selector = self.label_selector
        return bool(selector and (selector.match_labels or selector.match_expressions))


class Action(Model):
    """What a generic receiver does, when, and to what."""

    action: Literal["Refresh"]
    when_expression: str | None = None
    parameters: Strings | None = None
    target_selection_criteria: Annotated[list[Criterion], Field(min_length=1)]


class ReceiverSettings(Model):
    """The Secret that one kind of receiver proves its caller with."""

    secret_ref: NamedReference


class ArtifactorySettings(ReceiverSettings):
    """A receiver for Artifactory."""

    virtual_repo_name: str | None = None


class GenericSettings(ReceiverSettings):
    """A receiver that says itself what to do."""

    actions: Annotated[list[Action], Field(min_length=1)] | None = None


class Receiver(Model):
    """One address for webhooks: a name and exactly one provider."""

    providers: ClassVar[tuple[str, ...]] = (
        "artifactory",
        "azure",
        "bitbucket",
        "dockerhub",
        "generic",
        "gitea",
        "github",
        "gitlab",
        "harbor",
        "quay",
    )
    moved: ClassVar[Mapping[str, str]] = {"actions": "it belongs inside generic"}
    name: ResourceName
    artifactory: ArtifactorySettings | None = None
    azure: ReceiverSettings | None = None
    bitbucket: ReceiverSettings | None = None
    dockerhub: ReceiverSettings | None = None
    generic: GenericSettings | None = None
    gitea: ReceiverSettings | None = None
    github: ReceiverSettings | None = None
    gitlab: ReceiverSettings | None = None
    harbor: ReceiverSettings | None = None
    quay: ReceiverSettings | None = None


def receiver_problems(receivers: Sequence[Receiver], *, path: str) -> Iterator[FieldProblem]:
    """Yield repeated names, receivers of no or several providers, criteria that select nothing."""
    seen: dict[str, int] = {}
    for index, receiver in enumerate(receivers):
        where = f"{path}[{index}]"
        if receiver.name in seen:
            reason = f'"{receiver.name}" is already the name of {path}[{seen[receiver.name]}]'
            yield FieldProblem(f"{where}.name", reason)
        seen.setdefault(receiver.name, index)
        chosen = [name for name in receiver.providers if getattr(receiver, name) is not None]
        if len(chosen) != 1:
            given = f", not {' and '.join(chosen)}" if chosen else ""
            known = ", ".join(receiver.providers)
            yield FieldProblem(where, f"must have exactly one of {known}{given}")
        if receiver.generic is not None:
            yield from _action_problems(receiver.generic.actions or [], f"{where}.generic.actions")


def window_problems(
    windows: Sequence[Window], *, path: str, has_projects: bool
) -> Iterator[FieldProblem]:
    """Yield repeated names, broken selectors, times and rules, and too many windows.

    ``has_projects`` says whether the windows may select projects.
    """
    if len(windows) > MOST_WINDOWS:
        yield FieldProblem(path, f"has {len(windows)} windows; at most {MOST_WINDOWS} are allowed")
        return
    seen: set[str] = set()
    for index, window in enumerate(windows):
        where = f"{path}[{index}]"
        if window.name in seen:
            yield FieldProblem(f"{where}.name", f'"{window.name}" is there twice')
        seen.add(window.name)
        if window.stage_selector is not None:
            yield from selector_problems(window.stage_selector, path=f"{where}.stageSelector")
        if window.project_selector is not None and not has_projects:
            reason = "is only for windows of the ClusterConfig; here the project is this one"
            yield FieldProblem(f"{where}.projectSelector", reason)
        elif window.project_selector is not None:
            yield from selector_problems(window.project_selector, path=f"{where}.projectSelector")
        yield from _span_problems(window, where)


def _span_problems(window: Window, where: str) -> Iterator[FieldProblem]:
    try:
        parse_span(dtstart=window.dtstart or "", dtend=window.dtend or "", rrule=window.rrule or "")
    except InvalidError as error:
        for problem in error.problems:
            yield FieldProblem(f"{where}.{problem.path}", problem.reason)


def _action_problems(actions: Sequence[Action], path: str) -> Iterator[FieldProblem]:
    for number, action in enumerate(actions):
        for index, criterion in enumerate(action.target_selection_criteria):
            where = f"{path}[{number}].targetSelectionCriteria[{index}]"
            if not (criterion.name or criterion.has_labels or criterion.index_selector):
                reason = "must have at least one of name, labelSelector, indexSelector"
                yield FieldProblem(where, reason)
            if criterion.label_selector is not None:
                settled = _settled(criterion.label_selector)
                yield from selector_problems(settled, path=f"{where}.labelSelector")


def _settled(selector: LabelSelector) -> LabelSelector:
    """Return a selector with some value for each template; a delivery decides what it comes to."""
    exact = {key: _settled_value(it) for key, it in (selector.match_labels or {}).items()}
    expressions = [
        it.model_copy(update={"values": [_settled_value(value) for value in it.values]})
        if it.values
        else it
        for it in selector.match_expressions or []
    ]
    return selector.model_copy(update={"match_labels": exact, "match_expressions": expressions})


def _settled_value(text: str) -> str:
    return "any" if "${{" in text else text
