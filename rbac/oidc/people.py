"""What a provider's claims say of a person: which of them count, and what to call them."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.jsontypes import JSONValue
from rbac.oidc.providers import Provider
from rbac.oidc.verification import InvalidIdTokenError

RESERVED_NAMES = frozenset({"admin", "controller", "kubernetes", "operator", "subject", "unknown"})
"""What the names of other actors begin with; no claim that people are named by is called so."""

_OF_THE_TOKEN = frozenset(
    {"acr", "amr", "at_hash", "aud", "auth_time", "azp", "c_hash", "exp", "iat", "jti", "nbf"}
    | {"nonce", "s_hash", "sid"}
)
"""Claims that say something of the token, not of the person."""
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a provider vouches for.

    Attributes:
        subject: What the provider will always call them.
        actor_name: What events and the audit call them.
        email: Empty if the provider says that it is not verified.
        has_verified_email: Whether the provider says that it is.
    """

    subject: str
    actor_name: str
    claims: Mapping[str, JSONValue]
    email: str = ""
    has_verified_email: bool = False

    def text(self, claim: str) -> str:
        """Return a claim that is a text; empty for everything else."""
        value = self.claims.get(claim)
        return value if isinstance(value, str) else ""


def person_in(claims: Mapping[str, JSONValue], provider: Provider) -> Person:
    """Return whom verified claims of ``provider`` are about.

    An address that is said not to be verified does not count: it would be anybody's.

    Raises:
        InvalidIdTokenError: They have no usable name, or may not come in by their address.
    """
    verified = str(claims.get("email_verified", "")).lower()
    kept = {name: value for name, value in claims.items() if name not in _OF_THE_TOKEN}
    if verified == "false":
        kept.pop("email", None)
    if provider.groups_claim in claims:
        kept["groups"] = claims[provider.groups_claim]
    email = kept.get("email")
    person = Person(
        subject=str(claims["sub"]),
        actor_name=_actor_name(kept, provider),
        claims=kept,
        email=email if isinstance(email, str) else "",
        has_verified_email=verified == "true",
    )
    _check_domain(person, provider)
    return person


def _actor_name(claims: Mapping[str, JSONValue], provider: Provider) -> str:
    value = claims.get(provider.username_claim)
    if value is None or value == "":
        return f"subject:{_checked_name(claims['sub'])}"
    return f"{provider.username_claim}:{_checked_name(value)}"


def _checked_name(value: JSONValue) -> str:
    """Return a name as it is if it fits where names are shown."""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME or not value.isprintable():
        raise InvalidIdTokenError("the claim that people are named by is no short text")
    return value


def _check_domain(person: Person, provider: Provider) -> None:
    if not provider.email_domains:
        return
    domain = person.email.rpartition("@")[2].lower()
    if not person.has_verified_email or domain not in provider.email_domains:
        raise InvalidIdTokenError("the address is not verified, or of a domain that is not let in")
