"""Resolves the links that a tenant and a project offer for their Stages and Freight.

Source: Kargo ``pkg/deeplinks``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import ClusterConfig, Project, ProjectConfig
from promotions.engine.expressions.link_urls import link_url
from promotions.engine.expressions.links import link_applies

_UNREADABLE = re.compile(r"[\x00-\x20]")
_ACTIVE = ("javascript:", "data:", "vbscript:")
"""What a browser would run rather than go to."""


@dataclass(frozen=True, slots=True)
class ResolvedLink:
    """A link that applies to an object, with the address for that object."""

    title: str
    url: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """The links of an object, the tenant's first; ``errors`` say what kept others away."""

    resolved: tuple[ResolvedLink, ...]
    errors: tuple[str, ...]


def links_for(kind: Literal["stage", "freight"], manifest: JSONObject, project: Project) -> Links:
    """Return the links of a Stage or of Freight, as its manifest decides."""
    resolved: list[ResolvedLink] = []
    errors: list[str] = []
    for path, link in _offered(kind, project):
        try:
            if _applies(link, kind=kind, manifest=manifest, path=path):
                resolved.append(_resolved(link, kind=kind, manifest=manifest, path=path))
        except InvalidError as error:
            errors.append(error.message)
    return Links(tuple(resolved), tuple(errors))


def _offered(kind: str, project: Project) -> Iterator[tuple[str, JSONObject]]:
    configs: tuple[Any, ...] = (
        ClusterConfig.objects.filter(tenant=project.tenant).first(),
        ProjectConfig.objects.filter(project=project).first(),
    )
    for config in configs:
        links = as_list(config.spec.get(f"{kind}Links")) if config is not None else ()
        for index, link in enumerate(links):
            yield f"spec.{kind}Links[{index}]", as_object(link)


def _applies(link: JSONObject, *, kind: str, manifest: JSONObject, path: str) -> bool:
    condition, title = as_text(link.get("if")), as_text(link.get("title"))
    try:
        return link_applies(condition, kind=kind, manifest=manifest, path=f"{path}.if")
    except InvalidError as error:
        what = f'error evaluating condition for link "{title}": {error.message}'
        raise InvalidError(what) from error


def _resolved(link: JSONObject, *, kind: str, manifest: JSONObject, path: str) -> ResolvedLink:
    title = as_text(link.get("title"))
    what = f'error evaluating URL template for link "{title}"'
    try:
        url = link_url(as_text(link.get("url")), kind=kind, manifest=manifest, path=f"{path}.url")
    except InvalidError as error:
        raise InvalidError(f"{what}: {error.message}") from error
    if _UNREADABLE.sub("", url).lower().startswith(_ACTIVE):
        raise InvalidError(f"{what}: it must lead to a page, not run a program")
    return ResolvedLink(title=title, url=url, description=as_text(link.get("description")))
