"""ConfigMaps and credentials of projects, of the system and shared: 48 operations, six classes.

``P/configmaps``, ``/system/configmaps``, ``/shared/configmaps`` and so on; see ``_TABLE``.
"""

from typing import ClassVar

from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response

from projects.models import Project
from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE
from projects.rest import TenantView
from projects.services.access import enter_project, scope_of
from promotions.api.v1beta1.keyed_bodies import Change, read_edit
from promotions.api.v1beta1.keyed_families import (
    CONFIG_MAPS,
    GENERIC_CREDENTIALS,
    REPO_CREDENTIALS,
    Family,
    Row,
)
from promotions.api.v1beta1.lists import list_document, revision_now
from promotions.manifests.metadata import CORE_API
from promotions.selectors.places import Place
from promotions.services.keyed_edits import Edit
from rbac.authorizer import SIGNED_IN, Scope
from rbac.rest.routing import by_method


class KeyedView(TenantView):
    """A view of one family in one sort of place; without a ``namespace``, in a project."""

    family: ClassVar[Family]
    namespace: ClassVar[str] = ""
    place: Place

    def enter(self) -> Scope:
        """Find the project, or the tenant's own namespace."""
        scope = super().enter()
        project: Project | None = None
        if not self.namespace:
            project = enter_project(self.actor, self.tenant, self.kwargs["project"])
        self.place = Place(self.tenant, project.name if project else self.namespace, project)
        if project is not None:
            return scope_of(project)
        return Scope(scope.tenant_uid, namespace=self.namespace)

    def document(self, row: Row) -> dict[str, object]:
        """Return an object as this place sees it, without what nobody may see."""
        return self.family.write(self.place, [row])[0]

    def edit(self, request: Request, change: Change) -> tuple[str, Edit]:
        """Return the name and the edit in the body."""
        return read_edit(request, self.family.read, change)


class ListKeyed(KeyedView):
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        del request
        rows = self.family.rows(self.place)
        items = self.family.write(self.place, rows)
        revision = revision_now()
        document = list_document(self.family.kind, items, revision=revision, api_version=CORE_API)
        return Response(document)


class CreateKeyed(KeyedView):
    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        name, edit = self.edit(request, Change.CREATE)
        row = self.family.create(self.place, name, edit, actor=self.actor, now=self.now)
        return Response(self.document(row), status=201)


class GetKeyed(KeyedView):
    access_verb = "get"
    access_name_in = "name"

    def get(self, request: Request, *, name: str, **_: str) -> Response:
        del request
        return Response(self.document(self.family.row(self.place, name)))


class UpdateKeyed(KeyedView):
    """What replacing and patching share."""

    access_name_in = "name"
    change: ClassVar[Change]

    def answer(self, request: Request, name: str) -> Response:
        """Change the object and return it."""
        _, edit = self.edit(request, self.change)
        row = self.family.update(self.place, name, edit, actor=self.actor, now=self.now)
        return Response(self.document(row))


class ReplaceKeyed(UpdateKeyed):
    access_verb = "update"
    change = Change.REPLACE

    def put(self, request: Request, *, name: str, **_: str) -> Response:
        return self.answer(request, name)


class PatchKeyed(UpdateKeyed):
    access_verb = "patch"
    change = Change.PATCH

    def patch(self, request: Request, *, name: str, **_: str) -> Response:
        return self.answer(request, name)


class DeleteKeyed(KeyedView):
    access_verb = "delete"
    access_name_in = "name"

    def delete(self, request: Request, *, name: str, **_: str) -> Response:
        del request
        self.family.delete(self.place, name, actor=self.actor, now=self.now)
        return Response(status=204)


_PROJECT = ""
_TABLE: tuple[tuple[str, Family, str], ...] = (
    ("project", CONFIG_MAPS, _PROJECT),
    ("project", GENERIC_CREDENTIALS, _PROJECT),
    ("project", REPO_CREDENTIALS, _PROJECT),
    ("system", CONFIG_MAPS, SYSTEM_NAMESPACE),
    ("system", GENERIC_CREDENTIALS, SYSTEM_NAMESPACE),
    ("shared", CONFIG_MAPS, SHARED_NAMESPACE),
    ("shared", GENERIC_CREDENTIALS, SHARED_NAMESPACE),
    ("shared", REPO_CREDENTIALS, SHARED_NAMESPACE),
)
"""Where which family is; there are no repository credentials of the system."""


def _routes(where: str) -> list[URLPattern]:
    """Return the routes of one sort of place, to follow ``P``, ``system`` or ``shared``."""
    return [
        route
        for named, family, namespace in _TABLE
        if named == where
        for route in _family_routes(where, family, namespace)
    ]


def _family_routes(where: str, family: Family, namespace: str) -> list[URLPattern]:
    def made(base: type[KeyedView]) -> type[KeyedView]:
        name = f"{base.__name__.removesuffix('Keyed')}{where.title()}{family.title}"
        facts: dict[str, object] = {
            "family": family,
            "namespace": namespace,
            "access_resource": family.resource,
            "__module__": __name__,
        }
        if base is ListKeyed and namespace == SHARED_NAMESPACE and family is not CONFIG_MAPS:
            facts["access_verb"] = SIGNED_IN
        return type(name, (base,), facts)

    route = f"/{family.segment}"
    label = f"api-{where}-{family.segment}"
    return [
        path(route, by_method(get=made(ListKeyed), post=made(CreateKeyed)), name=f"{label}-all"),
        path(
            f"{route}/<str:name>",
            by_method(
                get=made(GetKeyed),
                put=made(ReplaceKeyed),
                patch=made(PatchKeyed),
                delete=made(DeleteKeyed),
            ),
            name=label,
        ),
    ]


PROJECT_ROUTES = _routes("project")
SYSTEM_ROUTES = _routes("system")
SHARED_ROUTES = _routes("shared")
