"""A fake Argo CD on real sockets: argocd-server and the Kubernetes API, from one state.

Time stands still until a test moves it; then operations, refreshes and windows go on::

    with argocd(apps=[application("guestbook", stage="shop:prod")]) as site:
        httpx.get(f"{site.rest_url}/api/v1/applications", headers=bearer(site.token))
        httpx.get(f"{site.kubernetes_url}/apis/argoproj.io/v1alpha1/applications",
                  headers=bearer(site.kubernetes_token))
        site.clock.advance(10)          # an operation starts after 1 s, and ends 5 s later
        site.app("guestbook")["status"]           # what is stored now
        site.set("guestbook", {"status": {"health": {"status": "Degraded"}}})
        site.record.operations                    # those accepted, with promotion and attempt

What a test may turn:

* ``site.controller``: how long things take, ``outcomes`` of attempts, ``health``, ``commits``,
  ``is_running``; ``site.clock.skew``: the server's clock is ahead.
* ``site.accounts`` (RBAC of argocd-server) and ``site.identities`` (roles of Kubernetes); tokens
  can be revoked and expire: ``site.accounts.revoke(site.token)``.
* ``site.fail(Fault("POST", "/sync$", status=503, body=HTML))``: see :mod:`.faults`.
* ``site.streams``: dropped events, silence, a last message; ``site.store.compact()``: 410.
* ``site.settings``: namespaces, root path, broken repositories.
* ``tls="authority"`` or ``"self-signed"``: https, with ``site.ca_pem`` and ``site.fingerprint``.

A latency of one second lasts ``site.settings.second`` for real. A GET with ``refresh`` is answered
when the refresh is done; with ``controller.refresh_seconds`` above zero that takes somebody who
moves the clock, or a caller who gives up.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tests.fakes.argocd.accounts import ADMIN, PROMOTER, READER, Accounts
from tests.fakes.argocd.certificates import identity
from tests.fakes.argocd.clock import VirtualClock
from tests.fakes.argocd.controller import Controller, Outcome
from tests.fakes.argocd.faults import HTML, Fault
from tests.fakes.argocd.identities import JOBS_ROLE, OWN_TOKEN, PROMOTER_ROLE, Identities
from tests.fakes.argocd.jobs import JobController, JobOutcome
from tests.fakes.argocd.kubernetes import kubernetes_api
from tests.fakes.argocd.rest import rest_api
from tests.fakes.argocd.server import serving
from tests.fakes.argocd.site import Settings, Site, application, deployment, project
from tests.fakes.argocd.store import (
    APPLICATIONS,
    APPSETS,
    DEPLOYMENTS,
    PROJECTS,
    Document,
    Store,
)

__all__ = [
    "ADMIN",
    "HTML",
    "JOBS_ROLE",
    "OWN_TOKEN",
    "PROMOTER",
    "PROMOTER_ROLE",
    "READER",
    "Fault",
    "JobOutcome",
    "Outcome",
    "Settings",
    "Site",
    "application",
    "argocd",
    "bearer",
    "project",
]


@contextmanager
def argocd(
    *,
    apps: Sequence[Document] = (),
    projects: Sequence[Document] = (),
    appsets: Sequence[Document] = (),
    settings: Settings | None = None,
    tls: str = "",
    server_name: str = "127.0.0.1",
) -> Iterator[Site]:
    """Run an Argo CD with these objects until the block ends.

    Args:
        apps: See :func:`application`.
        projects: See :func:`project`; ``default`` is there unless given.
        appsets: Raw documents.
        settings: How it is installed.
        tls: Empty, ``authority`` or ``self-signed``.
        server_name: What the certificate is for.
    """
    site = _site(settings or Settings())
    site.store.add(DEPLOYMENTS, deployment(site.settings))
    names = {it["metadata"]["name"] for it in projects}
    for document in [*([] if "default" in names else [project()]), *projects]:
        site.store.add(PROJECTS, document)
    for kind, documents in ((APPSETS, appsets), (APPLICATIONS, apps)):
        for document in documents:
            site.store.add(kind, document)
    context = None
    if tls:
        shown = identity(server_name, is_self_signed=tls == "self-signed")
        site.ca_pem, site.fingerprint = shown.ca_pem, shown.fingerprint
        site.server_name = server_name
        context = shown.context()
    with ExitStack() as stack:
        rest = stack.enter_context(serving(site, "rest", rest_api(site), context))
        site.rest_url = rest + site.settings.root_path
        site.kubernetes_url = stack.enter_context(
            serving(site, "kubernetes", kubernetes_api(site), context)
        )
        yield site


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def _site(settings: Settings) -> Site:
    clock = VirtualClock()
    store = Store(clock)
    accounts, identities = Accounts(clock), Identities(clock)
    controller, jobs = Controller(store, clock), JobController(store, clock)
    site = Site(clock, store, controller, accounts, identities, jobs, settings)
    store.listeners += [controller.observe, jobs.observe]
    accounts.add("admin", ADMIN, password="password")
    accounts.add("promoter", PROMOTER)
    accounts.add("reader", READER)
    account = identities.add("promoter", [*PROMOTER_ROLE, OWN_TOKEN], namespace=settings.namespace)
    site.token = accounts.token("promoter")
    site.kubernetes_token = identities.token(account)
    return site
