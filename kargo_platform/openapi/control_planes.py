"""The schemas of control planes, as the platform's own API reads and writes them."""

from collections.abc import Mapping
from typing import Any

from projects.models.control_plane import ControlPlaneKind, ControlPlaneState

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_FLAG = {"type": "boolean"}
_TIME = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "format": "int32"}

_CREDENTIAL: Mapping[str, Any] = {
    "type": "object",
    "writeOnly": True,
    "description": "In exactly one way; a client certificate comes with its key.",
    "properties": {
        "secretRef": {"type": "object", "properties": {"name": _TEXT}},
        "token": _TEXT,
        "kubeconfig": _TEXT,
        "clientCertificate": _TEXT,
        "clientKey": _TEXT,
    },
}
_SAID: Mapping[str, Any] = {
    "kind": {**_TEXT, "enum": list(ControlPlaneKind.values)},
    "address": {**_TEXT, "description": "Of Argo CD, its root path too; or of the cluster's API."},
    "uiUrl": {**_TEXT, "description": "Where people see applications; the address if it is empty."},
    "tls": {
        "type": "object",
        "properties": {
            "mode": {**_TEXT, "enum": ["system", "ca", "pin"]},
            "caBundle": {**_TEXT, "description": "Certificates in PEM."},
            "sha256": {**_TEXT, "description": "The fingerprint of the server's certificate."},
            "serverName": {**_TEXT, "description": "The name in it, if not the address's."},
        },
    },
    "defaultNamespace": {**_TEXT, "description": "Of applications that name none."},
    "allowedNamespaces": _TEXTS,
    "appProjects": {**_TEXTS, "description": "Argo CD's projects in which rights are looked for."},
    "shard": {**_TEXT, "description": "Empty: the default one."},
    "projects": {**_TEXTS, "description": "Whose Stages it serves; none is all of the tenant."},
    "rateLimit": {
        "type": "object",
        "properties": {"requestsPerSecond": _COUNT, "burst": _COUNT, "connections": _COUNT},
    },
    "enabled": _FLAG,
}
_PERMISSION = {
    "type": "object",
    "properties": {
        "action": _TEXT,
        "scope": _TEXT,
        "allowed": {**_FLAG, "nullable": True, "description": "Null: it could not be found out."},
        "required": {**_FLAG, "description": "Promotions cannot work without it."},
        "purpose": _TEXT,
    },
}
_FOUND: Mapping[str, Any] = {
    "uid": {"type": "string", "format": "uuid"},
    "tenant": _TEXT,
    "generation": {"type": "integer", "format": "int64"},
    "hasCredential": _FLAG,
    "credentialSecret": {**_TEXT, "nullable": True, "description": "The Secret that holds it."},
    "hasNextCredential": {**_FLAG, "description": "Rotated, and not yet accepted by a check."},
    "state": {**_TEXT, "enum": list(ControlPlaneState.values)},
    "reason": _TEXT,
    "version": _TEXT,
    "permissions": {"type": "array", "items": _PERMISSION},
    "missingPermissions": {**_TEXTS, "description": "In words, with what does not work."},
    "warnings": {**_TEXTS, "description": "Such as that the credential expires."},
    "expiresAt": _TIME,
    "nextExpiresAt": _TIME,
    "rotatedAt": _TIME,
    "lastOkAt": _TIME,
    "checkedAt": _TIME,
    "createdAt": _TIME,
    "updatedAt": _TIME,
}
_NAME = {"name": {**_TEXT, "description": "A part of addresses; it stays what it is."}}
_DOCUMENT = {
    "type": "object",
    "properties": {
        **_NAME,
        **_SAID,
        **{key: {**it, "readOnly": True} for key, it in _FOUND.items()},
    },
}

SCHEMAS: Mapping[str, dict[str, Any]] = {
    "RegisteredControlPlane": _DOCUMENT,
    "NewControlPlane": {
        "type": "object",
        "required": ["name", "kind", "credential"],
        "properties": {**_NAME, **_SAID, "credential": _CREDENTIAL},
    },
    "ControlPlaneChanges": {
        "type": "object",
        "properties": {**_SAID, "credential": _CREDENTIAL},
    },
    "ControlPlaneCredential": {
        "type": "object",
        "required": ["credential"],
        "properties": {"credential": _CREDENTIAL},
    },
}
