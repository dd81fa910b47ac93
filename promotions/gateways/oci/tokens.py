"""How does a registry want to be asked for access?

Source: the ``distribution`` token specification; RFC 9110 for challenges.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from promotions.ports.credentials import Credential

Parameters: TypeAlias = dict[str, str]

_CHALLENGE = re.compile(r"\s*(?P<scheme>[A-Za-z]+)\s+(?P<rest>.*)", re.DOTALL)
_PARAMETER = re.compile(r'(?P<key>[a-z_]+)="(?P<value>[^"]*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a 401 asks for: ``basic``, or ``bearer`` with the realm to get a token from."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def parse(cls, header: str) -> "Challenge":
        """Read a ``WWW-Authenticate`` header; what cannot be understood has no scheme."""
        match = _CHALLENGE.match(header)
        if match is None:
            return cls(header.strip().lower())
        found = {it["key"].lower(): it["value"] for it in _PARAMETER.finditer(match["rest"])}
        return cls(
            match["scheme"].lower(),
            realm=found.get("realm", ""),
            service=found.get("service", ""),
            scope=found.get("scope", ""),
        )

    def parameters(self, scopes: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Return the query of the request for a token of these scopes and of those asked for."""
        service = (("service", self.service),) if self.service else ()
        wanted = merged_scopes([*self.scope.split(), *scopes])
        return (*service, *(("scope", scope) for scope in wanted))


def merged_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return scopes such as ``repository:team/app:pull,push``, one for each repository."""
    actions: dict[str, dict[str, None]] = {}
    for scope in scopes:
        resource, _, listed = scope.rpartition(":")
        actions.setdefault(resource, {}).update(dict.fromkeys(listed.split(",")))
    return tuple(f"{resource}:{','.join(names)}" for resource, names in actions.items())


def basic(credential: Credential) -> str:
    """Return the value of an ``Authorization`` header for a user name and password."""
    joined = f"{credential.username}:{credential.password}".encode()
    return f"Basic {base64.b64encode(joined).decode()}"
