"""Speaks to a fake Argo CD by plain HTTP, as its own clients would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.fakes.argocd import bearer
from tests.fakes.argocd.site import Site

APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
MERGE = "application/merge-patch+json"


@dataclass
class RestCaller:
    """Sends to argocd-server with a token; everything may be replaced."""

    site: Site
    client: httpx.Client
    token: str

    def get(self, path: str, **params: Any) -> httpx.Response:
        url = f"{self.site.rest_url}/api/v1{path}"
        return self.client.get(url, params=params, headers=bearer(self.token))

    def send(self, method: str, path: str, body: object = None, **params: Any) -> httpx.Response:
        url = f"{self.site.rest_url}/api/v1{path}"
        sent = {} if body is None else body
        return self.client.request(
            method, url, params=params, json=sent, headers=bearer(self.token)
        )

    def sync(self, name: str = "guestbook", **body: Any) -> httpx.Response:
        return self.send("POST", f"/applications/{name}/sync", {"project": "default", **body})

    def patch(self, patch: object, *, kind: str = "merge") -> httpx.Response:
        body = {"project": "default", "patchType": kind, "patch": json.dumps(patch)}
        return self.send("PATCH", "/applications/guestbook", body)


@dataclass
class KubernetesCaller:
    """Sends to the Kubernetes API with a token."""

    site: Site
    client: httpx.Client
    token: str

    def get(self, path: str, **params: Any) -> httpx.Response:
        url = f"{self.site.kubernetes_url}{path}"
        return self.client.get(url, params=params, headers=bearer(self.token))

    def send(
        self, method: str, path: str, body: object, *, kind: str = "application/json"
    ) -> httpx.Response:
        headers: Mapping[str, str] = {**bearer(self.token), "Content-Type": kind}
        url = f"{self.site.kubernetes_url}{path}"
        return self.client.request(method, url, content=json.dumps(body), headers=headers)

    def patch(self, patch: object, *, name: str = "guestbook", kind: str = MERGE) -> httpx.Response:
        return self.send("PATCH", f"{APPLICATIONS}/{name}", patch, kind=kind)


def said(response: httpx.Response) -> tuple[int, int, str]:
    """Return the status, gRPC code and message of an error."""
    body = response.json()
    return response.status_code, body["code"], body["message"]
