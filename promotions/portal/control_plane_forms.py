"""Registering a control plane, editing it and rotating its credential, by forms."""

from abc import abstractmethod
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from common.errors import FieldProblem, InvalidError, PlatformError
from common.jsontypes import JSONObject, as_object
from projects.models import ControlPlane
from promotions.manifests.control_plane import Credential, spec_to
from promotions.manifests.documents import read_documents
from promotions.manifests.yaml_text import write_yaml
from promotions.portal.frame import TenantPage
from promotions.selectors.control_planes import control_plane_named
from promotions.selectors.plane_access import secret_name
from promotions.services.control_plane_specs import changed_manifest_of, manifest_of
from promotions.services.control_planes import (
    register_control_plane,
    rotate_control_plane,
    update_control_plane,
)

_LONGEST = 256 * 1024
_NEW = """\
kind: rest                             # or kubernetes
address: https://argocd.example.com    # or of the cluster's API server
uiUrl: https://argocd.example.com      # where people see Applications
defaultNamespace: argocd
projects: []                           # whose Stages it serves; none: all of the tenant
# shard: eu                            # none: the default shard
# tls: {mode: pin, sha256: "6c:1f:…"}  # system, ca (with caBundle) or pin
"""


class _ControlPlaneForm(TenantPage):
    """A form about one control plane; what was filled in stays there if it is refused."""

    access_resource = "controlplanes"
    template_name = "promotions/control_plane.html"
    fragment_name = "promotions/_control_plane.html"
    problem: PlatformError | None = None

    def post(self, request: HttpRequest, **_: object) -> HttpResponseBase:
        try:
            said = self.act(request)
        except PlatformError as error:
            self.problem = error
            return self.render_to_response(self.context(), status=400)
        messages.success(request, said)
        return redirect("portal:control-planes")

    @abstractmethod
    def act(self, request: HttpRequest) -> str:
        """Do it, and return what to say."""

    def plane(self) -> ControlPlane:
        return control_plane_named(self.tenant, str(self.kwargs["plane"]))

    def shown(self, **values: Any) -> dict[str, Any]:
        return self.frame(
            problem=self.problem,
            problems=[str(it) for it in getattr(self.problem, "problems", ())],
            section="control-planes",
            **values,
        )


class RegisterControlPlane(_ControlPlaneForm):
    access_verb = "create"

    def context(self) -> dict[str, Any]:
        posted = self.request.POST
        spec = posted.get("spec", _NEW)
        return self.shown(spec=spec, name=posted.get("name", ""), takes_name=True)

    def act(self, request: HttpRequest) -> str:
        spec = {**_spec_in(request), **_credential_in(request)}
        manifest = manifest_of(request.POST.get("name", ""), spec)
        made = register_control_plane(self.tenant, manifest, actor=self.actor, now=self.now)
        return f"{made.name} is registered; a worker of its shard checks it."


class EditControlPlane(_ControlPlaneForm):
    access_name_in = "plane"
    access_verb = "update"

    def context(self) -> dict[str, Any]:
        plane = self.plane()
        spec = self.request.POST.get("spec") or write_yaml(
            [_without_credential(plane)]
        ).removeprefix("---\n")
        return self.shown(plane=plane, name=plane.name, spec=spec, secret=secret_name(plane))

    def act(self, request: HttpRequest) -> str:
        plane = self.plane()
        left_out = dict.fromkeys(_without_credential(plane))
        spec = {**left_out, **_spec_in(request), **_credential_in(request)}
        changed = changed_manifest_of(plane, spec)
        update_control_plane(plane, changed, actor=self.actor, now=self.now)
        return f"{plane.name} is stored; a worker of its shard checks it."


class RotateControlPlane(EditControlPlane):
    http_method_names = ("post",)

    def act(self, request: HttpRequest) -> str:
        plane = self.plane()
        given = _credential_in(request).get("credential")
        if given is None:
            raise InvalidError("Fill in the next credential.")
        credential = Credential.model_validate(given)
        rotate_control_plane(plane, credential, actor=self.actor, now=self.now)
        return (
            f"{plane.name} has its next credential; the current one is used until a check "
            "accepts the next."
        )


def _without_credential(plane: ControlPlane) -> dict[str, Any]:
    return {key: value for key, value in spec_to(plane).items() if key != "credential"}


def _spec_in(request: HttpRequest) -> JSONObject:
    text = request.POST.get("spec", "").replace("\r\n", "\n")
    if len(text) > _LONGEST:
        raise InvalidError("The text is too long.")
    found = read_documents(text, source="spec")
    if len(found) != 1:
        raise InvalidError("Write one document: what stands under spec of a ControlPlane.")
    spec = as_object(found[0].content)
    if "credential" in spec:
        problem = FieldProblem("credential", "belongs into its own field, not into the text")
        raise InvalidError("The control plane is not valid", problems=(problem,))
    return spec


def _credential_in(request: HttpRequest) -> dict[str, Any]:
    """Return the credential that was filled in; nothing if none was."""
    token = request.POST.get("token", "").strip()
    kubeconfig = request.POST.get("kubeconfig", "").replace("\r\n", "\n").strip()
    secret = request.POST.get("secret", "").strip()
    said: dict[str, Any] = {}
    if token:
        said["token"] = token
    if kubeconfig:
        said["kubeconfig"] = f"{kubeconfig}\n"
    if secret:
        said["secretRef"] = {"name": secret}
    return {"credential": said} if said else {}
