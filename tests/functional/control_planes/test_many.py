"""Fifty control planes over real connections: one is slow and one is dead, and 48 do not notice."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from common.clock import now
from common.egress import EgressPolicy
from projects.models import ControlPlane, Project
from promotions import wiring
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.models import Work, WorkKind
from promotions.reconcilers.claims import claim
from promotions.reconcilers.control_planes import ControlPlaneReconciler
from promotions.reconcilers.loop import work_through
from promotions.selectors.control_planes import OpenControlPlanes
from tests.factories.domain import make_project, make_tenant
from tests.functional.control_planes.scenes import register

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

COUNT, SLOW, DEAD = 50, "plane-07", "plane-31"


class _Handler(BaseHTTPRequestHandler):
    """Answers as fifty Argo CDs under root paths; one of them takes its time."""

    held = threading.Event()

    def do_GET(self) -> None:
        if SLOW in self.path:
            self.held.wait(20)
        body: dict[str, object] = {"Version": "v3.1.0"}
        if "can-i" in self.path:
            body = {"value": "yes"}
        elif "userinfo" in self.path:
            body = {"loggedIn": True, "username": "promoter", "iss": "argocd"}
        content = json.dumps(body).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            return  # nobody waits for it any more

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Handler.held.clear()
    found = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{found.server_address[1]}"
    _Handler.held.set()
    found.shutdown()
    found.server_close()
    thread.join()


@pytest.fixture
def dead() -> str:
    """An address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def project(db: None, server: str, dead: str) -> Project:
    project = make_project("shop", tenant=make_tenant("acme"))
    for number in range(COUNT):
        name = f"plane-{number:02}"
        host = dead if name == DEAD else server
        register(project.tenant, name, address=f"{host}/{name}", shard=f"s{number}")
    Work.objects.filter(kind=WorkKind.CONTROL_PLANE).update(shard="default")
    return project


def states() -> dict[str, str]:
    return dict(ControlPlane.objects.values_list("name", "state"))


def test_one_slow_and_one_dead_leave_the_others_unaffected(project: Project) -> None:
    argocds = OpenArgoCDs(EgressPolicy.of(["127.0.0.1"], deny_private=False))
    looks = {WorkKind.CONTROL_PLANE: ControlPlaneReconciler(argocds)}
    slow = ControlPlane.objects.get(name=SLOW)
    Work.objects.exclude(uid=slow.uid).update(due_at=None)
    held = claim("default", owner="a worker that waits for the slow one")
    Work.objects.exclude(uid=slow.uid).update(due_at=now())

    began = time.monotonic()
    passes = work_through("default", looks)
    seconds = time.monotonic() - began

    found = states()
    assert held is not None
    assert held.uid == slow.uid
    assert (passes, found.pop(SLOW), found.pop(DEAD)) == (COUNT - 1, "pending", "unreachable")
    assert set(found.values()) == {"ready"}
    assert seconds < 20, "somebody waited for the slow one"
    dead = Work.objects.get(uid=ControlPlane.objects.get(name=DEAD).uid)
    assert dead.due_at is not None  # it is looked at again by itself


def test_each_shard_has_an_argo_cd_of_its_own(project: Project) -> None:
    planes = OpenControlPlanes(wiring.argocds())
    ask = {"tenant_uid": str(project.tenant.uid), "project_uid": str(project.uid)}

    others = [planes.for_shard(shard=f"s{number}", **ask) for number in range(COUNT)]

    assert None not in others
    assert len({id(it) for it in others}) == COUNT
