"""Who may do what at argocd-server: accounts, their tokens and an RBAC policy."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import jwt
from jwt.types import Options

from tests.fakes.argocd.clock import VirtualClock

KEY = "the signing key of a fake Argo CD that signs nothing of worth"
DAY_SECONDS = 86_400
MAX_FAILED_LOGINS = 5
FAILED_LOGINS_SECONDS = 300


class Rule(NamedTuple):
    """One line of the policy; action and object may be globs."""

    resource: str
    action: str
    object: str
    effect: str = "allow"


PROMOTER = (
    Rule("applications", "get", "*"),
    Rule("applications", "sync", "*"),
    Rule("applications", "update", "*"),
    Rule("projects", "get", "*"),
    Rule("applicationsets", "get", "*"),
    Rule("logs", "get", "*"),
)
READER = (Rule("applications", "get", "*"), Rule("projects", "get", "*"))
ADMIN = (Rule("*", "*", "*"),)


class Refused(StrEnum):
    """Why a request has no caller; the text of the 401."""

    NO_SESSION = "no session information"
    MALFORMED = "invalid session: token is malformed: token contains an invalid number of segments"
    FORGED = "invalid session: token signature is invalid: signature is invalid"
    EXPIRED = "invalid session: token has invalid claims: token is expired"
    REVOKED = "invalid session: token is revoked, please re-login"
    UNKNOWN = "invalid session: account does not exist"


@dataclass
class Account:
    """A local account. An empty password means that it cannot log in."""

    name: str
    rules: tuple[Rule, ...]
    password: str = ""

    def may(self, resource: str, action: str, name: str) -> bool:
        """Answer whether the policy allows it: one deny outweighs every allow."""
        effects = {rule.effect for rule in self.rules if _covers(rule, resource, action, name)}
        return "allow" in effects and "deny" not in effects


@dataclass
class Accounts:
    """All accounts, and the tokens that are no longer good."""

    clock: VirtualClock
    accounts: dict[str, Account] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    failed_logins: list[dt.datetime] = field(default_factory=list)

    def add(self, name: str, rules: Sequence[Rule], *, password: str = "") -> Account:
        """Create or replace an account."""
        account = Account(name, tuple(rules), password)
        self.accounts[name] = account
        return account

    def token(self, name: str, *, expires_in: float = 0, capability: str = "apiKey") -> str:
        """Return a new token of an account; ``expires_in`` in seconds, 0 for ever."""
        now = self.clock.server_now()
        claims: dict[str, object] = {
            "iss": "argocd",
            "sub": name if name.startswith("proj:") else f"{name}:{capability}",
            "nbf": int(now.timestamp()),
            "iat": int(now.timestamp()),
            "jti": str(uuid.uuid4()),
        }
        if expires_in:
            claims["exp"] = int((now + dt.timedelta(seconds=expires_in)).timestamp())
        return jwt.encode(claims, KEY, "HS256")

    def revoke(self, token: str) -> None:
        """Make a token worthless from now on."""
        self.revoked.add(token)

    def login(self, name: str, password: str) -> str | None:
        """Return a session token for a day, or ``None`` for a refusal of any kind."""
        now = self.clock.server_now()
        horizon = now - dt.timedelta(seconds=FAILED_LOGINS_SECONDS)
        self.failed_logins = [at for at in self.failed_logins if at > horizon]
        account = self.accounts.get(name)
        is_good = account is not None and account.password and account.password == password
        if is_good and len(self.failed_logins) < MAX_FAILED_LOGINS:
            return self.token(name, expires_in=DAY_SECONDS, capability="login")
        self.failed_logins.append(now)
        return None

    def caller(self, token: str) -> Account | Refused:
        """Return whose token this is, or why it is nobody's."""
        claims = _claims(token)
        if isinstance(claims, Refused):
            return claims
        if token in self.revoked:
            return Refused.REVOKED
        if "exp" in claims and self.clock.server_now().timestamp() >= claims["exp"]:
            return Refused.EXPIRED
        subject = str(claims["sub"])
        name = subject if subject.startswith("proj:") else subject.partition(":")[0]
        return self.accounts.get(name, Refused.UNKNOWN)


def _claims(token: str) -> dict[str, Any] | Refused:
    if not token:
        return Refused.NO_SESSION
    unchecked: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        return jwt.decode(token, KEY, ["HS256"], options=unchecked)
    except jwt.InvalidSignatureError:
        return Refused.FORGED
    except jwt.InvalidTokenError:
        return Refused.MALFORMED


def _covers(rule: Rule, resource: str, action: str, name: str) -> bool:
    return (
        fnmatchcase(resource, rule.resource)
        and fnmatchcase(action, rule.action)
        and fnmatchcase(name, rule.object)
    )
