r"""Into which documents and files does the text of many Kubernetes manifests split?

Source: Kargo's ``helm-template`` and ``kustomize-build`` steps; ``k8s.io/apimachinery`` for
separators; ``helm template --output-dir`` and ``kustomize build -o`` for layouts.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from common.errors import InvalidError
from promotions.engine import gostrings
from promotions.engine.documents.manifest_identity import Identity, read_identity
from promotions.engine.filenames import is_plain_file_name

_SEPARATOR = re.compile(r"^---(?P<rest>.*)$\n?", re.MULTILINE)
_SOURCE = re.compile(r"^---\n# Source: (?P<path>.+)\n", re.MULTILINE)
_SPACE = " \t\r\n\v\f\x85\xa0"
_BUILT = re.compile(r"^---\n", re.MULTILINE)
_IN_TWO_VERSIONS = {
    "admissionregistration.k8s.io": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "certificates.k8s.io": "CertificateSigningRequest",
    "networking.k8s.io": "IngressClass",
    "node.k8s.io": "RuntimeClass",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding",
    "scheduling.k8s.io": "PriorityClass",
    "storage.k8s.io": "CSIDriver CSINode StorageClass VolumeAttachment",
}
_KINDS_BY_VERSION = {
    "v1": "ComponentStatus Namespace Node PersistentVolume",
    "flowcontrol.apiserver.k8s.io/v1beta1": "FlowSchema PriorityLevelConfiguration",
    "policy/v1beta1": "PodSecurityPolicy",
    **{f"{group}/v1": kinds for group, kinds in _IN_TWO_VERSIONS.items()},
    **{f"{group}/v1beta1": kinds for group, kinds in _IN_TWO_VERSIONS.items()},
}
NO_NAMESPACE = frozenset(
    (version, kind) for version, kinds in _KINDS_BY_VERSION.items() for kind in kinds.split()
)
"""Versions and kinds that belong to no namespace, as far as kustomize knows."""


def split_documents(text: str) -> list[str]:
    """Return the documents without the space around them; empty ones are left out.

    Raises:
        InvalidError: Something else than a comment follows a separator in its line.
    """
    documents = []
    start = 0
    for match in _SEPARATOR.finditer(text):
        rest = match["rest"].strip(_SPACE)
        if rest and not rest.startswith("#"):
            raise InvalidError(f"invalid Yaml document separator: {rest}")
        documents.append(text[start : match.start()])
        start = match.end()
    documents.append(text[start:])
    stripped = (document.strip(_SPACE) for document in documents)
    return [document for document in stripped if document]


def helm_layout(text: str) -> dict[str, str]:
    """Return the content of each file in Helm's layout, from what ``helm template`` prints.

    Keys are paths such as ``<chart>/templates/x.yaml``, as Helm writes them.
    """
    files: dict[str, list[str]] = {}
    found = list(_SOURCE.finditer(text))
    bounds = pairwise([*(match.start() for match in found), len(text)])
    for match, (start, end) in zip(found, bounds, strict=True):
        files.setdefault(match["path"], []).append(text[start:end])
    return {path: "".join(parts) for path, parts in files.items()}


def flat_layout(text: str) -> dict[str, str]:
    """Return each document of what ``helm template`` prints by its file's name.

    Of two documents with one name the later counts.

    Raises:
        InvalidError: The text cannot be split, or a name would leave the directory.
    """
    files: dict[str, str] = {}
    nameless = 0
    for document in split_documents(text):
        name = _flat_name(read_identity(document))
        if not name:
            name = f"resource-{nameless}.yaml"
            nameless += 1
        files[_checked(name)] = document
    return files


def kargo_layout(text: str) -> dict[str, str]:
    """Return each document of what ``kustomize build`` prints by Kargo's name for its file.

    Raises:
        InvalidError: The text cannot be split, or a name would leave the directory.
    """
    return {_checked(_kargo_name(it)): document for it, document in _identified(text)}


def kustomize_layout(text: str) -> dict[str, str]:
    """Return each document of what ``kustomize build`` prints by kustomize's name for its file.

    Raises:
        InvalidError: The text cannot be split, or a name would leave the directory.
    """
    identified = list(_identified(text))
    prefixed = _span_namespaces(it for it, _ in identified)
    return {
        _checked(_kustomize_name(it, with_namespace=prefixed)): document
        for it, document in identified
    }


def _identified(text: str) -> Iterator[tuple[Identity, str]]:
    """Yield each document that kustomize has printed, to the letter."""
    for document in _BUILT.split(text):
        if document.strip(_SPACE):
            yield read_identity(document), document


def _flat_name(it: Identity) -> str:
    if not it.kind or not it.name:
        return ""
    parts = [it.group.replace(".", "_"), it.kind, it.namespace, it.name]
    return _file_name("-".join(filter(None, parts)))


def _kargo_name(it: Identity) -> str:
    prefix = f"{it.namespace}-" if it.namespace else ""
    return _file_name(f"{prefix}{it.kind}-{it.name}")


def _kustomize_name(it: Identity, *, with_namespace: bool) -> str:
    with_namespace = with_namespace and not _is_without_namespace(it)
    parts = (it.namespace if with_namespace else "", it.group, it.version, it.kind)
    return _file_name("_".join([*filter(None, parts), it.name]))


def _span_namespaces(identities: Iterable[Identity]) -> bool:
    return (
        len({it.namespace or "default" for it in identities if not _is_without_namespace(it)}) > 1
    )


def _is_without_namespace(it: Identity) -> bool:
    return (it.api_version, it.kind) in NO_NAMESPACE


def _file_name(stem: str) -> str:
    return f"{gostrings.lower(stem)}.yaml"


def _checked(name: str) -> str:
    if not is_plain_file_name(name):
        raise InvalidError(f'unsafe generated resource filename "{name}"')
    return name
