"""A container registry in memory that keeps what it is asked for, and misbehaves on demand.

It holds clients to the distribution specification: uploads go to the session that was opened, have
the digest they claim, and manifests are refused while a blob they refer to is missing.
Source: https://github.com/opencontainers/distribution-spec.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.fakes.oci_registry import Answer, Asked, Registry, Scripted, scripted_server

Fault = Callable[[Asked], Answer | None]
_PATH = re.compile(r"/v2/(?P<name>.+?)/(?P<what>manifests|blobs/uploads|blobs)/(?P<rest>.*)")


@dataclass
class MemoryRegistry:
    """What a registry holds.

    Attributes:
        fault: Looks at each request first and may answer it instead.
        mounts: Whether blobs may be taken from other repositories.
        largest_body: Uploads with more bytes at once are refused with 413.
        token: Asked for with Bearer challenges; empty lets everybody in.
        blob_host: Where blobs are redirected to; empty serves them here.
        least_chunk: What uploads are told of the least length of chunks.
    """

    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    fault: Fault = lambda _: None
    mounts: bool = True
    largest_body: int = 1 << 30
    token: str = ""
    blob_host: str = ""
    least_chunk: str = ""
    opened: int = 0

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request."""
        if asked.path.startswith("/token"):
            return Answer(body=json.dumps({"token": self.token}).encode())
        match = _PATH.fullmatch(urlsplit(asked.path).path)
        if match is None:
            return self.fault(asked) or _error(404, "NAME_UNKNOWN")
        return (
            self.fault(asked) or self._refusal(asked, match["name"]) or self._served(asked, match)
        )

    def _served(self, asked: Asked, match: re.Match[str]) -> Answer:
        parts = {"manifests": self._manifest, "blobs": self._blob, "blobs/uploads": self._upload}
        return parts[match["what"]](asked, match["name"], match["rest"])

    def _refusal(self, asked: Asked, name: str) -> Answer | None:
        if not self.token or asked.headers.get("authorization") == f"Bearer {self.token}":
            return None
        actions = "pull" if asked.method in {"GET", "HEAD"} else "pull,push"
        realm = f"http://{asked.headers['host']}/token"
        header = f'Bearer realm="{realm}",service="reg",scope="repository:{name}:{actions}"'
        return Answer(401, headers={"WWW-Authenticate": header})

    def _manifest(self, asked: Asked, name: str, reference: str) -> Answer:
        if asked.method == "PUT":
            return self._store(asked, name, reference)
        found = self.manifests.get((name, reference))
        if found is None:
            return _error(404, "MANIFEST_UNKNOWN")
        headers = {"Content-Type": found[0], "Docker-Content-Digest": digest_of(found[1])}
        return Answer(body=found[1], headers=headers)

    def _store(self, asked: Asked, name: str, reference: str) -> Answer:
        document = json.loads(asked.body)
        parts = [document[key] for key in ("config",) if key in document]
        for blob in (*parts, *document.get("layers", ())):
            if "foreign" not in blob["mediaType"] and (name, blob["digest"]) not in self.blobs:
                return _error(400, "MANIFEST_BLOB_UNKNOWN")
        for child in document.get("manifests", ()):
            if (name, child["digest"]) not in self.manifests:
                return _error(400, "MANIFEST_UNKNOWN")
        digest = digest_of(asked.body)
        if ":" in reference and reference != digest:
            return _error(400, "DIGEST_INVALID")
        stored = (asked.headers["content-type"], asked.body)
        self.manifests |= {(name, reference): stored, (name, digest): stored}
        return Answer(201, headers={"Docker-Content-Digest": digest})

    def _blob(self, asked: Asked, name: str, digest: str) -> Answer:
        found = self.blobs.get((name, digest))
        if found is None:
            return _error(404, "BLOB_UNKNOWN")
        if self.blob_host and asked.method == "GET":
            return Answer(307, headers={"Location": f"http://{self.blob_host}/store/{digest}"})
        start = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        return Answer(206, found[int(start[1]) :]) if start else Answer(200, found)

    def _upload(self, asked: Asked, name: str, session: str) -> Answer:
        query = parse_qs(urlsplit(asked.path).query)
        if len(asked.body) > self.largest_body:
            return _error(413, "SIZE_INVALID")
        if asked.method == "POST":
            return self._open(name, query)
        if session not in self.uploads:
            return _error(404, "BLOB_UPLOAD_UNKNOWN")
        if asked.method == "PATCH":
            return self._append(asked, name, session)
        content = self.uploads.pop(session) + asked.body
        digest = digest_of(content)
        if query["digest"] == [digest]:
            self.blobs[name, digest] = content
        return Answer(201) if query["digest"] == [digest] else _error(400, "DIGEST_INVALID")

    def _append(self, asked: Asked, name: str, session: str) -> Answer:
        start, _, end = asked.headers["content-range"].partition("-")
        if int(start) != len(self.uploads[session]):
            return _error(416, "RANGE_INVALID")
        assert int(end) - int(start) + 1 == len(asked.body)
        self.uploads[session] += asked.body
        return Answer(202, headers={"Location": f"/v2/{name}/blobs/uploads/{session}"})

    def _open(self, name: str, query: dict[str, list[str]]) -> Answer:
        if "mount" in query and self.mounts:
            key = (query["from"][0], query["mount"][0])
            if key in self.blobs:
                self.blobs[name, key[1]] = self.blobs[key]
                return Answer(201)
        self.opened += 1
        self.uploads[f"u{self.opened}"] = b""
        location = f"/v2/{name}/blobs/uploads/u{self.opened}?_state=x"
        return Answer(202, headers={"Location": location, "OCI-Chunk-Min-Length": self.least_chunk})


@dataclass
class Running(Registry):
    """A registry in memory that runs."""

    memory: MemoryRegistry = field(default_factory=MemoryRegistry)
    server: Scripted = field(default_factory=lambda: Scripted(""))

    def asked(self, *methods: str) -> list[str]:
        """Return the paths that were asked for with these methods since the last ``forget``."""
        return [urlsplit(it.path).path for it in self.server.asked if it.method in methods]

    def forget(self) -> None:
        """Forget what was asked for."""
        self.server.asked.clear()


@contextmanager
def memory_registry(memory: MemoryRegistry | None = None) -> Iterator[Running]:
    """Run a registry in memory on loopback."""
    held = memory or MemoryRegistry()
    with scripted_server(held) as server:
        yield Running(server.host, memory=held, server=server)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest of bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _error(status: int, code: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": "no"}]}).encode()
    return Answer(status, body)
