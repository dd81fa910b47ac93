"""Who may do what at the Kubernetes API: service accounts, their tokens, roles and reviews."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import jwt

from tests.fakes.argocd.clock import VirtualClock

KEY = "the signing key of a fake cluster that signs nothing of worth"


class Grant(NamedTuple):
    """One rule of a Role; ``namespace`` may be ``*`` as in a ClusterRole."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    namespace: str = "*"


class Asked(NamedTuple):
    """What somebody wants to do."""

    verb: str
    group: str
    resource: str
    namespace: str = ""


PROMOTER_ROLE = (
    Grant("argoproj.io", ("applications",), ("get", "list", "watch", "patch")),
    Grant("argoproj.io", ("appprojects",), ("get", "list")),
    Grant("argoproj.io", ("applicationsets",), ("get", "list", "watch")),
    Grant("", ("events",), ("create",)),
    Grant("apps", ("deployments",), ("get",)),
)
JOBS_ROLE = (
    Grant("batch", ("jobs",), ("create", "get", "list", "delete")),
    Grant("", ("pods",), ("get", "list")),
    Grant("", ("pods/log",), ("get",)),
)
OWN_TOKEN = Grant("", ("serviceaccounts/token",), ("create",))


@dataclass
class ServiceAccount:
    """A service account and what it is granted."""

    namespace: str
    name: str
    grants: tuple[Grant, ...]

    @property
    def user(self) -> str:
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    def may(self, asked: Asked) -> bool:
        return any(_covers(grant, asked) for grant in self.grants)


@dataclass
class Identities:
    """All service accounts and their bearer tokens, with when these end."""

    clock: VirtualClock
    accounts: dict[tuple[str, str], ServiceAccount] = field(default_factory=dict)
    tokens: dict[str, tuple[ServiceAccount, dt.datetime | None]] = field(default_factory=dict)

    def add(
        self, name: str, grants: Sequence[Grant], *, namespace: str = "argocd"
    ) -> ServiceAccount:
        """Create or replace a service account."""
        account = ServiceAccount(namespace, name, tuple(grants))
        self.accounts[namespace, name] = account
        return account

    def token(self, account: ServiceAccount, *, expires_in: float = 0) -> str:
        """Return a new token, a JSON Web Token; ``expires_in`` in seconds, 0 for ever."""
        now = self.clock.server_now()
        ends = now + dt.timedelta(seconds=expires_in) if expires_in else None
        claims: dict[str, object] = {
            "iss": "https://kubernetes.default.svc",
            "aud": ["https://kubernetes.default.svc"],
            "sub": account.user,
            "iat": int(now.timestamp()),
            "jti": str(uuid.uuid4()),
        }
        if ends is not None:
            claims["exp"] = int(ends.timestamp())
        token = jwt.encode(claims, KEY, "HS256")
        self.tokens[token] = (account, ends)
        return token

    def revoke(self, token: str) -> None:
        """Make a token worthless from now on."""
        self.tokens.pop(token, None)

    def caller(self, token: str) -> ServiceAccount | None:
        """Return whose token this is; ``None`` for a bad one."""
        account, ends = self.tokens.get(token, (None, None))
        if account is None or (ends is not None and self.clock.server_now() >= ends):
            return None
        return self.accounts.get((account.namespace, account.name))


def _covers(grant: Grant, asked: Asked) -> bool:
    return (
        grant.group in {"*", asked.group}
        and bool({"*", asked.resource} & set(grant.resources))
        and bool({"*", asked.verb} & set(grant.verbs))
        and grant.namespace in {"*", asked.namespace}
    )
