"""The frame of views about one piece of Freight, which an address names by name or by alias."""

from common.errors import NotFoundError
from projects.rest import ProjectView
from promotions.models import Freight
from promotions.selectors.freight import freight_named
from rbac.authorizer import Scope


class FreightView(ProjectView):
    """Rights are asked for by the Freight's own name, whatever it is called in the address.

    That there is none is said only to those who have the right.
    """

    access_resource = "freights"
    _found: Freight | NotFoundError

    def enter(self) -> Scope:
        """Find the project and look for the Freight in it."""
        scope = super().enter()
        try:
            self._found = freight_named(self.project, self.kwargs["freight"])
        except NotFoundError as error:
            self._found = error
        return scope

    @property
    def access_name(self) -> str:
        """The name of the Freight, or what was asked for."""
        return self._found.name if isinstance(self._found, Freight) else self.kwargs["freight"]

    @property
    def freight(self) -> Freight:
        """The Freight that the address names.

        Raises:
            NotFoundError: The project has none of that name or alias.
        """
        if isinstance(self._found, NotFoundError):
            raise self._found
        return self._found
