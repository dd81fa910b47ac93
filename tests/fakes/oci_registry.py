"""A real container registry in a process of its own, and a small one that misbehaves on demand."""

import hashlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest

from promotions.engine.images import INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST
from tests.servers import free_port

COMMAND = "docker-registry"
USER, PASSWORD = "robot", "opensesame"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_ACCEPTED = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
# Of PASSWORD, made by bcrypt with cost 5.
_HTPASSWD = "robot:$2y$05$abcdefghijklmnopqrstuuQbLfdQZSxZ9gjhA5V9o8Tyc6aQRO0Qi"

Json: TypeAlias = dict[str, object]


@dataclass
class Registry:
    """A running registry at ``host`` (``127.0.0.1:port``), and how to push to it."""

    host: str
    auth: tuple[str, str] | None = None

    def push_image(
        self,
        repository: str,
        tag: str,
        *,
        created: str = "2026-01-01T00:00:00Z",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
    ) -> str:
        """Push a small image and return its digest."""
        with self._client() as client:
            config: Json = {
                "architecture": "amd64",
                "os": "linux",
                "created": created,
                "config": {"Labels": dict(labels or {})},
                "rootfs": {"type": "layers", "diff_ids": []},
            }
            manifest: Json = {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": _push_blob(client, repository, _dump(config), _CONFIG_TYPE),
                "layers": [_push_blob(client, repository, f"layer-{tag}".encode(), _LAYER_TYPE)],
                "annotations": dict(annotations or {}),
            }
            return _push_manifest(client, repository, tag, manifest)

    def push_index(
        self,
        repository: str,
        tag: str,
        images: Mapping[str, str],
        *,
        annotations: Mapping[str, str] | None = None,
    ) -> str:
        """Push an index over images by platform (``os/arch[/variant]``) and return its digest."""
        with self._client() as client:
            entries = [
                _index_entry(client, repository, platform, digest)
                for platform, digest in images.items()
            ]
            index: Json = {
                "schemaVersion": 2,
                "mediaType": OCI_INDEX,
                "manifests": entries,
                "annotations": dict(annotations or {}),
            }
            return _push_manifest(client, repository, tag, index)

    def push_artifact(
        self,
        repository: str,
        tag: str,
        *layers: tuple[str, bytes],
        config: tuple[str, bytes] = (_CONFIG_TYPE, b"{}"),
        media_type: str = OCI_MANIFEST,
        **more: object,
    ) -> str:
        """Push any artifact, its layers given by media type and content; return its digest."""
        with self._client() as client:
            manifest: Json = {
                "schemaVersion": 2,
                "mediaType": media_type,
                "config": _push_blob(client, repository, config[1], config[0]),
                "layers": [_push_blob(client, repository, body, kind) for kind, body in layers],
                **more,
            }
            return _push_manifest(client, repository, tag, manifest)

    def push_chart(self, repository: str, version: str) -> str:
        """Push a Helm chart as helm does, ``+`` of the version written ``_``."""
        name = repository.rpartition("/")[2]
        return self.push_artifact(
            repository,
            version.replace("+", "_"),
            ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", f"{name}{version}".encode()),
            config=(
                "application/vnd.cncf.helm.config.v1+json",
                _dump({"name": name, "version": version, "apiVersion": "v2"}),
            ),
        )

    def push_document(self, repository: str, tag: str, document: Json) -> str:
        """Push a manifest or an index as it is and return its digest."""
        with self._client() as client:
            return _push_manifest(client, repository, tag, document)

    def document(self, repository: str, reference: str) -> Json:
        """Return the manifest or index that a tag or digest stands for."""
        with self._client() as client:
            found: Json = self._got(client, f"/v2/{repository}/manifests/{reference}").json()
            return found

    def digest(self, repository: str, reference: str) -> str:
        """Return the digest of a tag."""
        with self._client() as client:
            response = self._got(client, f"/v2/{repository}/manifests/{reference}")
            return response.headers["docker-content-digest"]

    def blob(self, repository: str, digest: str) -> bytes:
        """Return a blob."""
        with self._client() as client:
            return self._got(client, f"/v2/{repository}/blobs/{digest}").content

    def _got(self, client: httpx.Client, path: str) -> httpx.Response:
        response = client.get(path, headers={"Accept": f"{_ACCEPTED}, */*"})
        return response.raise_for_status()

    def delete_manifest(self, repository: str, digest: str) -> None:
        """Delete an image, and with it every tag that points to it."""
        with self._client() as client:
            client.delete(f"/v2/{repository}/manifests/{digest}").raise_for_status()

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{self.host}", auth=self.auth, timeout=10)


@contextmanager
def running_registry(directory: Path, *, with_auth: bool = False) -> Iterator[Registry]:
    """Run a real registry in ``directory``; skips the test where none is installed."""
    command = shutil.which(COMMAND)
    if command is None:
        pytest.skip(f"{COMMAND} is not installed")
    port = free_port()
    config = directory / "config.yml"
    config.write_text(_config(directory, port, with_auth=with_auth))
    with subprocess.Popen(  # noqa: S603 - a fixed command
        [command, "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _await_port(port)
            yield Registry(f"127.0.0.1:{port}", auth=(USER, PASSWORD) if with_auth else None)
        finally:
            process.terminate()


@dataclass
class Answer:
    """What the small server sends for one request; ``cut_at`` bytes of it, then it hangs up."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    cut_at: int | None = None


@dataclass
class Asked:
    """One request that the small server received; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Scripted:
    """A running small server; ``asked`` grows with each request."""

    host: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def scripted_server(script: Callable[[Asked], Answer]) -> Iterator[Scripted]:
    """Run an HTTP server on loopback that answers each request as ``script`` says."""
    server = Scripted("")

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            server.asked.append(asked)
            answer = script(asked)
            time.sleep(answer.delay_seconds)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut_at])
            self.close_connection = self.close_connection or answer.cut_at is not None

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

        def handle(self) -> None:
            """Survive clients that hang up."""
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        running.block_on_close = False
        server.host = f"127.0.0.1:{running.server_address[1]}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            running.shutdown()
            thread.join()


def _config(directory: Path, port: int, *, with_auth: bool) -> str:
    lines = [
        "version: 0.1",
        "log: {accesslog: {disabled: true}}",
        "storage:",
        f"  filesystem: {{rootdirectory: {directory / 'data'}}}",
        "  delete: {enabled: true}",
        f"http: {{addr: '127.0.0.1:{port}'}}",
    ]
    if with_auth:
        passwords = directory / "htpasswd"
        passwords.write_text(f"{_HTPASSWD}\n")
        lines.append(f"auth: {{htpasswd: {{realm: test, path: {passwords}}}}}")
    return "\n".join(lines) + "\n"


def _index_entry(client: httpx.Client, repository: str, platform: str, digest: str) -> Json:
    found = client.get(f"/v2/{repository}/manifests/{digest}", headers={"Accept": OCI_MANIFEST})
    parts = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
    return {
        "mediaType": OCI_MANIFEST,
        "digest": digest,
        "size": len(found.content),
        "platform": parts,
    }


def _push_blob(client: httpx.Client, repository: str, content: bytes, media_type: str) -> Json:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    started = client.post(f"/v2/{repository}/blobs/uploads/")
    started.raise_for_status()
    location = httpx.URL(started.headers["location"]).copy_add_param("digest", digest)
    client.put(
        location, content=content, headers={"Content-Type": "application/octet-stream"}
    ).raise_for_status()
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _push_manifest(client: httpx.Client, repository: str, tag: str, manifest: Json) -> str:
    response = client.put(
        f"/v2/{repository}/manifests/{tag}",
        content=_dump(manifest),
        headers={"Content-Type": str(manifest["mediaType"])},
    )
    response.raise_for_status()
    return response.headers["docker-content-digest"]


def _dump(document: Json) -> bytes:
    return json.dumps(document).encode()


def _await_port(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the registry did not start")
