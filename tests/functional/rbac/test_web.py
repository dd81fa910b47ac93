"""Access to pages, as the mixins decide it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from projects.models import Project
from projects.web import ProjectMixin, TenantMixin
from rbac.authorizer import PUBLIC, SIGNED_IN
from rbac.models import User
from rbac.web import AccessMixin
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import make_operator, make_stranger, make_viewer

pytestmark = pytest.mark.django_db


class Page(ProjectMixin):
    access_resource = "stages"
    access_verb = "get"

    def get(self, _request: HttpRequest, **_: str) -> HttpResponse:
        return HttpResponse(f"{self.actor.name} {self.tenant} {self.project}")


class Deed(Page):
    access_verb = "promote"


class Home(TenantMixin):
    access_verb = SIGNED_IN

    def get(self, _request: HttpRequest, **_: str) -> HttpResponse:
        return HttpResponse(self.tenant.name)


class Open(AccessMixin):
    access_verb = PUBLIC

    def get(self, _request: HttpRequest, **_: str) -> HttpResponse:
        return HttpResponse("open")


class Forgotten(AccessMixin):
    def get(self, _request: HttpRequest, **_: str) -> HttpResponse:
        return HttpResponse("oops")


@pytest.fixture
def project() -> Project:
    return make_project()


def visit(
    view: type[AccessMixin], user: User | AnonymousUser, *, tenant: str = "default", **kwargs: str
) -> HttpResponse:
    request = RequestFactory().get("/somewhere")
    request.user = user
    request.tenant_name = tenant  # type: ignore[attr-defined] # as under_tenant notes it
    response = view.as_view()(request, **kwargs)
    assert isinstance(response, HttpResponse)
    return response


def test_a_member_sees_the_page(project: Project) -> None:
    response = visit(Page, make_viewer(project), project="demo")

    assert response.content == b"email:bob@example.com default demo"


def test_a_member_without_the_right_is_refused(project: Project) -> None:
    with pytest.raises(PermissionDenied, match="promote is not permitted"):
        visit(Deed, make_viewer(project), project="demo")


def test_to_a_stranger_the_project_is_not_there(project: Project) -> None:
    charlie = make_stranger(make_tenant("elsewhere"))

    with pytest.raises(Http404):
        visit(Page, charlie, project="demo")
    with pytest.raises(Http404):
        visit(Page, charlie, project="nowhere")
    with pytest.raises(Http404):
        visit(Home, make_viewer(project), tenant="elsewhere")


def test_who_is_not_signed_in_signs_in_first(project: Project) -> None:
    response = visit(Page, AnonymousUser(), project="demo")

    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/somewhere"


def test_an_open_page_asks_nothing(project: Project) -> None:
    assert visit(Open, AnonymousUser()).content == b"open"


def test_a_page_that_declares_nothing_shows_nothing_even_to_an_operator() -> None:
    with pytest.raises(PermissionDenied):
        visit(Forgotten, make_operator())


def test_being_somebody_is_enough_where_that_is_declared() -> None:
    assert visit(Home, make_stranger()).content == b"default"


def test_a_suspended_tenant_is_there_for_operators_only(project: Project) -> None:
    bob = make_viewer(project)
    project.tenant.suspended_at = project.created_at
    project.tenant.save(update_fields=["suspended_at"])

    with pytest.raises(Http404):
        visit(Page, bob, project="demo")
    assert visit(Page, make_operator(), project="demo").status_code == 200
