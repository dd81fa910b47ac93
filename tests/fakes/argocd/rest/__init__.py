"""argocd-server: which path is answered by what."""

import functools
from collections.abc import Callable

from tests.fakes.argocd.rest import applications, operations, others, session, stream
from tests.fakes.argocd.rest.answers import CONTENT_TYPE, JSON, NO_PAGE, NO_ROUTE
from tests.fakes.argocd.site import Site
from tests.fakes.scm_server import Reply, Request, Routes

APPLICATION = "/api/v1/applications/{name}"
CAN_I = "/api/v1/account/can-i/{resource}/{action}"
TABLE: tuple[tuple[str, str, Callable[..., Reply]], ...] = (
    ("GET", "/api/version", session.version),
    ("POST", "/api/v1/session", session.open_session),
    ("GET", "/api/v1/session/userinfo", session.userinfo),
    ("GET", f"{CAN_I}/{{a}}", session.can_i),
    ("GET", f"{CAN_I}/{{a}}/{{b}}", session.can_i),
    ("GET", f"{CAN_I}/{{a}}/{{b}}/{{c}}", session.can_i),
    ("GET", "/api/v1/account/{name}", session.account),
    ("POST", "/api/v1/account/{name}/token", session.create_token),
    ("POST", "/api/v1/projects/{project}/roles/{role}/token", session.create_role_token),
    ("GET", "/api/v1/applications", applications.list_applications),
    ("GET", APPLICATION, applications.get_application),
    ("PATCH", APPLICATION, applications.patch_application),
    ("PUT", f"{APPLICATION}/spec", applications.put_spec),
    ("POST", f"{APPLICATION}/sync", operations.sync),
    ("DELETE", f"{APPLICATION}/operation", operations.terminate),
    ("GET", f"{APPLICATION}/syncwindows", operations.sync_windows),
    ("GET", f"{APPLICATION}/resource-tree", others.resource_tree),
    ("GET", f"{APPLICATION}/logs", others.logs),
    ("GET", "/api/v1/stream/applications", stream.stream_applications),
    ("GET", "/api/v1/projects", others.list_projects),
    ("GET", "/api/v1/projects/{name}", others.get_project),
    ("GET", "/api/v1/projects/{name}/syncwindows", others.project_windows),
    ("GET", "/api/v1/applicationsets", others.list_appsets),
    ("GET", "/api/v1/applicationsets/{name}", others.get_appset),
)


def rest_api(site: Site) -> Callable[[Request], Reply]:
    """Return the API below the site's root path."""
    table = [(method, path, functools.partial(work, site)) for method, path, work in TABLE]
    routes = Routes(table, missing=NO_ROUTE)

    def answer(request: Request) -> Reply:
        root = site.settings.root_path
        if not request.path.startswith(f"{root}/"):
            return NO_PAGE
        # The whole header is compared: with a charset after it, it is another type.
        if request.method != "GET" and request.header("content-type").lower() != JSON:
            return CONTENT_TYPE
        object.__setattr__(request, "path", request.path.removeprefix(root))
        return routes(request)

    return answer
