"""Writes the links of an object."""

from typing import Any

from promotions.selectors.links import Links, ResolvedLink


def links_document(links: Links) -> dict[str, Any]:
    """Return the answer about links; errors are there only if there are any."""
    document: dict[str, Any] = {"links": [_link(it) for it in links.resolved]}
    return {**document, "errors": list(links.errors)} if links.errors else document


def _link(link: ResolvedLink) -> dict[str, str]:
    written = {"title": link.title, "url": link.url}
    return {**written, "description": link.description} if link.description else written
