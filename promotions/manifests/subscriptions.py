"""The schema and the rules of a Warehouse's subscriptions.

Source: Kargo ``api/v1alpha1`` RepoSubscription and the subscribers' ApplyDefaults and Validate.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from django.conf import settings
from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from common.errors import FieldProblem, InvalidError
from promotions.engine.selection.images import check_platform
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.urls import normalise_chart_url, normalise_git_url, normalise_image_url
from promotions.manifests.pruning import near
from promotions.manifests.schema import LabelName, Model, check_format, matching
from promotions.manifests.times import check_time

_GIT_WEB = r"(ssh|https?)://(?:([\w-]+)(:(.+))?@)?([\w-]+(?:\.[\w-]+)*)(?::(\d{1,5}))?(/.*)"
_GIT_SCP = r"([\w-]+)@([\w+]+(?:\.[\w-]+)*):(/?.*)(?s:.*)"
_GIT_LOCAL = r"(file://)?/.+"
_IMAGE = r"(\w+([\.-]\w+)*(:[\d]+)?/)?(\w+([\.-]\w+)*)(/\w+([\.-]\w+)*)*"
_CHART = r"(((https?)|(oci))://)([\w\d\.\-]+)(:[\d]+)?(/.*)*"
_OCI = "oci://"
TYPES = ("git", "image", "chart")


def _check_git_url(url: str) -> str:
    local = f"|{_GIT_LOCAL}" if settings.GIT_ALLOW_LOCAL else ""
    expected = "an address such as https://host/path, ssh://user@host/path or user@host:path"
    return check_format(url, f"{_GIT_WEB}|{_GIT_SCP}{local}", expected)


def _check_constraint(text: str) -> str:
    try:
        parse_constraint(text)
    except InvalidError as error:
        raise PydanticCustomError("constraint", "{why}", {"why": error.message}) from error
    return text


def _check_platform(text: str) -> str:
    try:
        check_platform(text)
    except InvalidError as error:
        raise PydanticCustomError("platform", "{why}", {"why": error.message}) from error
    return text


Constraint = Annotated[str, AfterValidator(_check_constraint)]
Limit = Annotated[int, Field(ge=1, le=100)]


class GitSubscription(Model):
    """Commits of a Git repository."""

    blank_is_absent: ClassVar[bool] = True
    repo_url: Annotated[str, AfterValidator(_check_git_url)] = Field(alias="repoURL")
    branch: (
        Annotated[
            str,
            matching(
                r"[a-zA-Z0-9]([a-zA-Z0-9._\/-]*[a-zA-Z0-9_-])?",
                "a branch name of at most 255 characters that begins with a letter or digit",
                longest=255,
            ),
        ]
        | None
    ) = None
    commit_selection_strategy: Literal["NewestFromBranch", "SemVer", "Lexical", "NewestTag"] = (
        "NewestFromBranch"
    )
    semver_constraint: Constraint | None = None
    strict_semvers: bool = True
    allow_tags_regexes: list[str] | None = None
    ignore_tags_regexes: list[str] | None = None
    allow_tags: str | None = None
    ignore_tags: list[str] | None = None
    expression_filter: str | None = None
    include_paths: list[str] | None = None
    exclude_paths: list[str] | None = None
    since: Annotated[str, AfterValidator(check_time)] | None = None
    blobless: bool | None = None
    insecure_skip_tls_verify: bool | None = Field(default=None, alias="insecureSkipTLSVerify")
    discovery_limit: Limit = 20


class ImageSubscription(Model):
    """Tags of a container image repository."""

    blank_is_absent: ClassVar[bool] = True
    renamed: ClassVar[Mapping[str, str]] = {"semverConstraint": "constraint"}
    repo_url: Annotated[
        str, matching(_IMAGE, "an image repository such as ghcr.io/team/app, without a tag")
    ] = Field(alias="repoURL")
    image_selection_strategy: Literal["SemVer", "Digest", "Lexical", "NewestBuild"] = "SemVer"
    constraint: str | None = None
    strict_semvers: bool = True
    allow_tags_regexes: list[str] | None = None
    ignore_tags_regexes: list[str] | None = None
    allow_tags: str | None = None
    ignore_tags: list[str] | None = None
    platform: Annotated[str, AfterValidator(_check_platform)] | None = None
    cache_by_tag: bool | None = None
    insecure_skip_tls_verify: bool | None = Field(default=None, alias="insecureSkipTLSVerify")
    discovery_limit: Limit = 20


class ChartSubscription(Model):
    """Versions of a Helm chart."""

    blank_is_absent: ClassVar[bool] = True
    repo_url: Annotated[
        str, matching(_CHART, "an address such as https://host/path or oci://host/path")
    ] = Field(alias="repoURL")
    name: str | None = None
    semver_constraint: Constraint | None = None
    insecure_skip_tls_verify: bool | None = Field(default=None, alias="insecureSkipTLSVerify")
    discovery_limit: Limit = 20


class Subscription(Model):
    """One subscription: exactly one type, and a name that generic types need.

    Unknown keys are kept, for they name generic types.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="allow", strict=True, frozen=True)
    name: LabelName | None = None
    git: GitSubscription | None = None
    image: ImageSubscription | None = None
    chart: ChartSubscription | None = None

    @model_validator(mode="after")
    def _has_one_type(self) -> "Subscription":
        given = [name for name in TYPES if getattr(self, name) is not None]
        unknown = list(self.model_extra or {})
        if len(given) + len(unknown) != 1:
            found = " and ".join([*given, *unknown]) or "none"
            expected = {"types": ", ".join(TYPES), "found": found}
            message = "must have exactly one type ({types}) beside name; found {found}"
            raise PydanticCustomError("subscription", message, expected)
        if unknown:
            meant = near(unknown[0], TYPES)
            hint = f'; did you mean "{meant}"?' if meant else ""
            message = 'no subscriber is registered for the type "{type}"{hint}'
            raise PydanticCustomError("subscriber", message, {"type": unknown[0], "hint": hint})
        return self


def subscription_problems(
    subscriptions: Sequence[Subscription], *, path: str
) -> Iterator[FieldProblem]:
    """Yield what is wrong between the fields of subscriptions, and between subscriptions."""
    names: dict[str, int] = {}
    repositories: dict[str, int] = {}
    for index, subscription in enumerate(subscriptions):
        where = f"{path}[{index}]"
        yield from _own_problems(subscription, where)
        if subscription.name is not None:
            if subscription.name in names:
                first = f"{path}[{names[subscription.name]}]"
                reason = f'"{subscription.name}" is already the name of {first}'
                yield FieldProblem(f"{where}.name", reason)
            names.setdefault(subscription.name, index)
        repository = repository_key(subscription)
        if repository in repositories:
            first = f"{path}[{repositories[repository]}]"
            reason = f"subscribes to the same repository as {first}"
            yield FieldProblem(f"{where}.{repository.partition(' ')[0]}.repoURL", reason)
        repositories.setdefault(repository, index)


def repository_key(subscription: Subscription) -> str:
    """Return what two subscriptions share if and only if they watch the same repository."""
    if subscription.git is not None:
        return f"git {normalise_git_url(subscription.git.repo_url)}"
    if subscription.image is not None:
        return f"image {normalise_image_url(subscription.image.repo_url)}"
    if subscription.chart is not None:
        url = normalise_chart_url(subscription.chart.repo_url)
        is_oci = subscription.chart.repo_url.startswith(_OCI)
        return f"chart {url}" if is_oci else f"chart {url}:{subscription.chart.name or ''}"
    return ""


def _own_problems(subscription: Subscription, where: str) -> Iterator[FieldProblem]:
    if subscription.image is not None:
        yield from _image_problems(subscription.image, f"{where}.image")
    if subscription.chart is not None:
        yield from _chart_problems(subscription.chart, f"{where}.chart")


def _image_problems(image: ImageSubscription, where: str) -> Iterator[FieldProblem]:
    strategy = image.image_selection_strategy
    if strategy == "Digest" and not image.constraint:
        yield FieldProblem(f"{where}.constraint", "is required with the strategy Digest: a tag")
    if strategy == "SemVer" and image.constraint:
        try:
            parse_constraint(image.constraint)
        except InvalidError as error:
            yield FieldProblem(f"{where}.constraint", error.message)
    must_cache = getattr(settings, "CACHE_BY_TAG_POLICY", "Allow") == "Require"
    if must_cache and strategy != "Digest" and not image.cache_by_tag:
        yield FieldProblem(f"{where}.cacheByTag", "must be true on this installation")


def _chart_problems(chart: ChartSubscription, where: str) -> Iterator[FieldProblem]:
    if chart.repo_url.startswith(_OCI):
        if chart.name:
            reason = "must be empty with an oci:// address, which names the chart itself"
            yield FieldProblem(f"{where}.name", reason)
    elif not chart.name:
        yield FieldProblem(f"{where}.name", "is required with an http(s):// address")
