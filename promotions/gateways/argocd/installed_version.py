"""Which version of Argo CD runs beside a Kubernetes API, as far as its Deployment tells?"""

import re

from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.gateways.argocd.conversation import Conversation
from promotions.gateways.argocd.documents import quoted
from promotions.ports.argocd_errors import ArgoCDError

DEPLOYMENT = "argocd-server"

_DOING = "tell Argo CD's version"
_LABELS = f"app.kubernetes.io/name={DEPLOYMENT}"
_CALLED = "app.kubernetes.io/version"
_VERSION = re.compile(r"v?[0-9]{1,4}\.[0-9]{1,4}(\.[0-9]{1,4})?([-+.][0-9A-Za-z.+-]{1,40})?")


def installed_version(server: Conversation, *, namespace: str) -> str:
    """Return the version of Argo CD in a namespace, such as ``v3.1.0``; empty if it is not known.

    The Deployment is read by its usual name, which is all the right that this needs; under
    another name it is found by its label, if Deployments may be listed.
    """
    path = f"/apis/apps/v1/namespaces/{quoted(namespace)}/deployments"
    try:
        return version_in(server.read(f"{path}/{DEPLOYMENT}", doing=_DOING))
    except ArgoCDError as error:
        if error.retryable:
            return ""
    try:
        found = server.read(path, (("labelSelector", _LABELS), ("limit", "1")), doing=_DOING)
    except ArgoCDError:
        return ""
    return next((version_in(as_object(it)) for it in as_list(found.get("items"))), "")


def version_in(deployment: JSONObject) -> str:
    """Return the version that a Deployment's image has in its tag, or else a label says."""
    template = as_object(as_object(deployment.get("spec")).get("template"))
    for container in map(as_object, as_list(as_object(template.get("spec")).get("containers"))):
        image = as_text(container.get("image")).partition("@")[0].rpartition("/")[2]
        if found := _VERSION.fullmatch(image.partition(":")[2]):
            return found[0]
    labels = as_object(as_object(deployment.get("metadata")).get("labels"))
    found = _VERSION.fullmatch(as_text(labels.get(_CALLED)))
    return found[0] if found else ""
