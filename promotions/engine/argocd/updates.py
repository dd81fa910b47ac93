"""What does a promotion want of the sources of an Application?"""

from dataclasses import dataclass

from common.jsontypes import JSONObject, as_list, as_object, as_text


@dataclass(frozen=True, slots=True)
class KustomizeImage:
    """An image to set; ``tag`` and ``digest`` exclude each other."""

    repository: str
    new_name: str = ""
    tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class HelmParameter:
    """A value to set in a chart."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    """What is wanted of one source.

    Attributes:
        chart: Of a source that is a chart repository; empty for Git.
        desired_revision: What it is to be synced to; empty is whatever it is.
        writes_revision: Whether to write that into the source.
    """

    repository: str
    chart: str = ""
    desired_revision: str = ""
    writes_revision: bool = False
    kustomize: tuple[KustomizeImage, ...] = ()
    helm: tuple[HelmParameter, ...] = ()


def updates_of(entry: JSONObject) -> tuple[SourceUpdate, ...]:
    """Return what an entry of a step's ``apps`` asks of its sources."""
    return tuple(_update(as_object(it)) for it in as_list(entry.get("sources")))


def _update(config: JSONObject) -> SourceUpdate:
    kustomize = as_list(as_object(config.get("kustomize")).get("images"))
    helm = as_list(as_object(config.get("helm")).get("images"))
    return SourceUpdate(
        repository=as_text(config.get("repoURL")),
        chart=as_text(config.get("chart")),
        desired_revision=as_text(config.get("desiredRevision")),
        writes_revision=config.get("updateTargetRevision") is True,
        kustomize=tuple(_image(as_object(it)) for it in kustomize),
        helm=tuple(_parameter(as_object(it)) for it in helm),
    )


def _image(config: JSONObject) -> KustomizeImage:
    return KustomizeImage(
        repository=as_text(config.get("repoURL")),
        new_name=as_text(config.get("newName")),
        tag=as_text(config.get("tag")),
        digest=as_text(config.get("digest")),
    )


def _parameter(config: JSONObject) -> HelmParameter:
    return HelmParameter(as_text(config.get("key")), as_text(config.get("value")))
