"""Classic repositories of charts, served on loopback, and charts pushed to a real registry."""

import base64
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.integration.rendering.files import chart, write_tree

USER, PASSWORD = "robot", "opensesame"


@dataclass
class HelmRepository:
    """A running repository at ``url``; ``asked`` are the paths and credentials of requests."""

    url: str
    directory: Path
    helm: Path
    asked: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, name: str, *versions: str, files: Mapping[str, str] | None = None) -> None:
        """Add versions of a chart, and index them."""
        told = tuple(sorted((files or {}).items()))
        for version in versions:
            archive, content = _packed(self.helm, name, version, told)
            (self.directory / archive).write_bytes(content)
        archives = sorted(self.directory.rglob("*.tgz"))
        served = ((str(it.relative_to(self.directory)), it.read_bytes()) for it in archives)
        (self.directory / "index.yaml").write_text(_indexed(self.helm, tuple(served)))


@cache
def _packed(
    helm: Path, name: str, version: str, files: tuple[tuple[str, str], ...]
) -> tuple[str, bytes]:
    """Return a chart's archive, and its name: tests want few, again and again."""
    with TemporaryDirectory(prefix="kargo-chart-") as folder:
        write_tree(Path(folder) / name, {**chart(name, version), **dict(files)})
        run_helm(helm, "package", str(Path(folder) / name), "-d", folder)
        (archive,) = Path(folder).glob("*.tgz")
        return archive.name, archive.read_bytes()


@cache
def _indexed(helm: Path, archives: tuple[tuple[str, bytes], ...]) -> str:
    """Return the index of a folder that has these archives."""
    with TemporaryDirectory(prefix="kargo-charts-") as folder:
        for name, content in archives:
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).write_bytes(content)
        run_helm(helm, "repo", "index", folder)
        return (Path(folder) / "index.yaml").read_text()


def run_helm(helm: Path, *arguments: str, home: Path | None = None) -> str:
    """Run helm as a person would, with a home of its own."""
    environment = {"HOME": str(home or helm.parent / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(  # noqa: S603 - a fixed command
        [str(helm), *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def helm_repository(
    directory: Path, helm: Path, *, with_auth: bool = False
) -> Iterator[HelmRepository]:
    """Serve a directory as a repository; with authentication only to ``USER``."""
    directory.mkdir(parents=True)
    expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(directory), **kwargs)  # type: ignore[arg-type] # as the library calls it

        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            repository.asked.append((self.path, given))
            if with_auth and given != expected:
                self.send_error(401)
                return
            super().do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        repository = HelmRepository(f"http://127.0.0.1:{server.server_port}", directory, helm)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield repository
        finally:
            server.shutdown()
            thread.join()


def push_chart(
    helm: Path, directory: Path, name: str, version: str, *, target: str, login: str = ""
) -> None:
    """Push a small chart to ``target`` (``127.0.0.1:port/charts``) over plain HTTP."""
    source = directory / f"{name}-{version}"
    write_tree(source, chart(name, version))
    home = directory / "pusher"
    if login:
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        config = json.dumps({"auths": {login: {"auth": secret}}})
        write_tree(home, {".config/helm/registry/config.json": config})
    run_helm(helm, "package", str(source), "-d", str(directory))
    archive = str(directory / f"{name}-{version}.tgz")
    run_helm(helm, "push", archive, f"oci://{target}", "--plain-http", home=home)
