"""The schemas of identity providers, as the platform's own API reads and writes them."""

from collections.abc import Mapping
from typing import Any

from projects.models.identity_provider import ClientAuth
from rbac.oidc.checks import Severity

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_FLAG = {"type": "boolean"}
_TIME = {"type": "string", "format": "date-time"}

_SAID: Mapping[str, Any] = {
    "title": {**_TEXT, "description": "What people read on the button; the name if it is empty."},
    "issuer": {**_TEXT, "description": "Exactly what the provider calls itself."},
    "clientId": _TEXT,
    "cliClientId": {**_TEXT, "description": "The public client of the command line."},
    "clientAuth": {**_TEXT, "enum": list(ClientAuth.values)},
    "scopes": _TEXTS,
    "usernameClaim": _TEXT,
    "groupsClaim": {**_TEXT, "description": "Roles know what is in it as `groups`."},
    "emailDomains": {
        **_TEXTS,
        "description": "If there are any, only verified addresses there come in.",
    },
    "trustsEmail": {**_FLAG, "description": "For the platform's own providers only."},
    "endsProviderSession": {
        **_FLAG,
        "description": "Signing out here leads on to the provider, to sign out there too.",
    },
    "enabled": _FLAG,
}
_SECRET = {
    "clientSecret": {
        "type": "string",
        "nullable": True,
        "writeOnly": True,
        "description": "Empty or null: a public client.",
    }
}
_NAME = {"name": {**_TEXT, "description": "A part of addresses; it stays what it is."}}
_KEPT: Mapping[str, Any] = {
    "uid": {"type": "string", "format": "uuid"},
    "tenant": {**_TEXT, "nullable": True, "description": "Null: the platform's own."},
    "hasClientSecret": _FLAG,
    "redirectUris": {**_TEXTS, "description": "To be registered at the provider."},
    "postLogoutRedirectUri": {**_TEXT, "description": "To be registered at the provider."},
    "createdAt": _TIME,
    "updatedAt": _TIME,
}
_PROBLEM = {
    "type": "object",
    "properties": {
        "severity": {**_TEXT, "enum": [it.value for it in Severity]},
        "about": {**_TEXT, "description": "The part of the discovery document."},
        "message": _TEXT,
    },
}

SCHEMAS: Mapping[str, dict[str, Any]] = {
    "IdentityProvider": {
        "type": "object",
        "properties": {
            **_NAME,
            **_SAID,
            **{key: {**it, "readOnly": True} for key, it in _KEPT.items()},
        },
    },
    "NewIdentityProvider": {
        "type": "object",
        "required": ["name", "issuer", "clientId"],
        "properties": {**_NAME, **_SAID, **_SECRET},
    },
    "IdentityProviderChanges": {"type": "object", "properties": {**_SAID, **_SECRET}},
    "IdentityProviderReport": {
        "type": "object",
        "properties": {
            "ok": {**_FLAG, "description": "Whether nothing keeps people from signing in."},
            "problems": {"type": "array", "items": _PROBLEM},
            "endpoints": {"type": "object", "additionalProperties": _TEXT},
        },
    },
}
