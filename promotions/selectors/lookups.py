"""Finds one object by exactly one of its names, as programs ask."""

from common.errors import NotFoundError
from projects.models import Project
from promotions.models import Freight
from promotions.selectors.freight import freight_in


def freight_with_name(project: Project, name: str) -> Freight:
    """Return Freight by its name; an alias will not do.

    Raises:
        NotFoundError: The project has none of that name.
    """
    return _found(freight_in(project).filter(name=name).first(), name)


def freight_with_alias(project: Project, alias: str) -> Freight:
    """Return Freight by its alias; a name will not do.

    Raises:
        NotFoundError: The project has none of that alias.
    """
    return _found(freight_in(project).filter(alias=alias).first(), alias)


def _found(freight: Freight | None, asked: str) -> Freight:
    if freight is None:
        raise NotFoundError(f'freights.kargo.akuity.io "{asked}" not found')
    return freight
