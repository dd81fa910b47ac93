"""What Freight is made of, how a piece of it is named, and how pieces form a collection.

Source: Kargo ``api/v1alpha1`` Freight, FreightReference and FreightCollection.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from common.errors import InvalidError
from promotions.engine import gopath, gostrings
from promotions.engine.urls import normalise_chart_url, normalise_git_url

ORIGIN_KIND = "Warehouse"


@dataclass(frozen=True, slots=True, order=True)
class FreightOrigin:
    """Where a piece of Freight came from; ``str()`` gives ``Warehouse/<name>``."""

    name: str
    kind: str = ORIGIN_KIND

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "FreightOrigin":
        """Read ``Warehouse/<name>``.

        Raises:
            InvalidError: There is no slash, more than one, an unknown kind or an empty name.
        """
        kind, separator, name = text.partition("/")
        if not separator or "/" in name or kind != ORIGIN_KIND or not name:
            raise InvalidError(f'"{text}" is not an origin; write Warehouse/<name>.')
        return cls(name=name)


@dataclass(frozen=True, slots=True)
class Commit:
    """A Git commit, with the tag or branch it was found by."""

    repo_url: str
    id: str
    branch: str = ""
    tag: str = ""
    message: str = ""
    author: str = ""
    committer: str = ""
    subscription_name: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A container image by tag and digest."""

    repo_url: str
    tag: str = ""
    digest: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    subscription_name: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A Helm chart by version."""

    repo_url: str
    version: str
    name: str = ""
    subscription_name: str = ""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something a generic subscription found; ``metadata`` is JSON text."""

    artifact_type: str
    subscription_name: str
    version: str
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class FreightReference:
    """One piece of Freight: its name, its origin and everything in it."""

    name: str
    origin: FreightOrigin
    commits: tuple[Commit, ...] = ()
    images: tuple[Image, ...] = ()
    charts: tuple[Chart, ...] = ()
    artifacts: tuple[Artifact, ...] = ()


FreightCollection = Mapping[str, FreightReference]
"""Freight by origin (``Warehouse/<name>``), as one Stage holds it at one time."""


def freight_name(
    origin: FreightOrigin,
    *,
    commits: Iterable[Commit] = (),
    images: Iterable[Image] = (),
    charts: Iterable[Chart] = (),
    artifacts: Iterable[Artifact] = (),
) -> str:
    """Return the 40 hex digits that name a set of artifacts from one origin.

    Source: Kargo ``pkg/api`` GenerateFreightID.
    """
    canonical = canonical_freight(
        origin, commits=commits, images=images, charts=charts, artifacts=artifacts
    )
    return _sha1(canonical)


def canonical_freight(
    origin: FreightOrigin,
    *,
    commits: Iterable[Commit] = (),
    images: Iterable[Image] = (),
    charts: Iterable[Chart] = (),
    artifacts: Iterable[Artifact] = (),
) -> str:
    """Return the text whose SHA-1 names the Freight."""
    parts = [
        *(_commit_part(commit) for commit in commits),
        *(
            _suffixed(f"{image.repo_url}:{image.tag}@{image.digest}", image.subscription_name)
            for image in images
        ),
        *(_chart_part(chart) for chart in charts),
        *(f"{it.artifact_type}:{it.subscription_name}:{it.version}" for it in artifacts),
    ]
    parts.sort(key=gostrings.utf8)
    return f"{origin}:{'|'.join(parts)}"


def collection_id(collection: FreightCollection) -> str:
    """Return the identity of a collection: a SHA-1 over its sorted Freight names."""
    return _sha1(",".join(sorted(reference.name for reference in collection.values())))


def _commit_part(commit: Commit) -> str:
    tag = f"{commit.tag}:" if commit.tag else ""
    part = f"{normalise_git_url(commit.repo_url)}:{tag}{commit.id}"
    return _suffixed(part, commit.subscription_name)


def _chart_part(chart: Chart) -> str:
    joined = gopath.join(normalise_chart_url(chart.repo_url), chart.name)
    return _suffixed(f"{joined}:{chart.version}", chart.subscription_name)


def _suffixed(part: str, subscription_name: str) -> str:
    return f"{part}:{subscription_name}" if subscription_name else part


def _sha1(text: str) -> str:
    return hashlib.sha1(gostrings.utf8(text), usedforsecurity=False).hexdigest()
