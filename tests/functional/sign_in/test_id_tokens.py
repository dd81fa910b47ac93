"""ID tokens on the REST API, good ones and forged ones."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client

from common.clock import now
from projects.models import IdentityProvider, Project, Tenant
from projects.services.identity_providers import ProviderSpec, update_identity_provider
from rbac.models import AuditEvent, Identity, User
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import make_operator
from tests.fakes.identity_provider import (
    CLI_CLIENT_ID,
    CLIENT_ID,
    FakeProvider,
    ec_key,
    public_jwk,
    public_pem,
    rsa_key,
    signed,
    unsigned,
)
from tests.functional.sign_in.conftest import OPERATOR, map_claim, trust, with_bearer

pytestmark = pytest.mark.django_db
PROJECTS = "/v1beta1/projects"
Forge = Callable[[FakeProvider], str]


def names(client: Client, path: str = PROJECTS) -> list[str]:
    response = client.get(path)
    assert response.status_code == 200, response.content
    return [item["metadata"]["name"] for item in response.json()["items"]]


@pytest.fixture
def scene(project: Project, trusted: IdentityProvider) -> Project:
    map_claim(project, "kargo-viewer", "groups", "developers")
    return project


@pytest.mark.parametrize("audience", [CLIENT_ID, CLI_CLIENT_ID, ["other", CLIENT_ID]])
def test_groups_lead_to_roles(scene: Project, fake: FakeProvider, audience: Any) -> None:
    party = CLIENT_ID if isinstance(audience, list) else None

    assert names(with_bearer(fake.token(aud=audience, azp=party))) == ["demo"]


def test_a_role_reaches_no_further_than_it_allows(scene: Project, fake: FakeProvider) -> None:
    client = with_bearer(fake.token())

    response = client.delete("/v1beta1/projects/demo")

    assert response.status_code == 403
    assert "is forbidden: delete is not permitted" in response.json()["error"]


def test_somebody_new_gets_an_account_without_a_password(
    scene: Project, fake: FakeProvider
) -> None:
    names(with_bearer(fake.token()))
    names(with_bearer(fake.token()))

    identity = Identity.objects.select_related("user").get()
    assert (identity.issuer, identity.subject) == (fake.url, "alice-1")
    assert identity.actor_name == "email:alice@corp.example"
    assert identity.user.email == "alice@corp.example"
    assert not identity.user.has_usable_password()
    assert identity.claims["groups"] == ["developers", "everybody"]
    assert "exp" not in identity.claims


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "PS384"])
def test_every_usual_algorithm_is_taken(scene: Project, fake: FakeProvider, algorithm: str) -> None:
    token = jwt.encode(fake.claims(), rsa_key(), algorithm=algorithm, headers={"kid": "one"})

    assert names(with_bearer(token)) == ["demo"]


def test_elliptic_keys_are_taken(scene: Project, fake: FakeProvider) -> None:
    fake.keys.append(public_jwk(ec_key(), "curve"))
    token = jwt.encode(fake.claims(), ec_key(), algorithm="ES256", headers={"kid": "curve"})

    assert names(with_bearer(token)) == ["demo"]


def _signed(fake: FakeProvider, header: dict[str, Any], key: Any = None, **claims: Any) -> str:
    algorithm = header.pop("alg", "RS256")
    return signed(fake.claims(**claims), {"kid": "one", **header}, key=key, algorithm=algorithm)


def _hmac_with_public_key(fake: FakeProvider) -> str:
    """Return a token signed with the public key as if it were a shared secret."""
    text = unsigned({"alg": "HS256", "typ": "JWT", "kid": "one"}, fake.claims()).rstrip(".")
    mac = hmac.new(public_pem(rsa_key()), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _tampered(fake: FakeProvider) -> str:
    header, _, signature = fake.token().split(".")
    body = unsigned({}, fake.claims(groups=["admins"])).split(".")[1]
    return f"{header}.{body}.{signature}"


FORGED: dict[str, Forge] = {
    "another audience": lambda fake: fake.token(aud="somebody-else"),
    "no audience": lambda fake: fake.token(aud=None),
    "several audiences, asked for by nobody": lambda fake: fake.token(aud=[CLIENT_ID, "other"]),
    "asked for by somebody else": lambda fake: fake.token(azp="other"),
    "another issuer": lambda fake: fake.token(iss="https://evil.example"),
    "nearly the issuer": lambda fake: fake.token(iss=f"{fake.url}/"),
    "an issuer that is no text": lambda fake: fake.token(iss={"a": 1}),
    "expired": lambda fake: fake.token(exp=int(time.time()) - 60),
    "no expiry": lambda fake: fake.token(exp=None),
    "an endless expiry": lambda fake: fake.token(exp=float("inf")),
    "not yet valid": lambda fake: fake.token(nbf=int(time.time()) + 300),
    "from the future": lambda fake: fake.token(iat=int(time.time()) + 300),
    "no subject": lambda fake: fake.token(sub=None),
    "an empty subject": lambda fake: fake.token(sub=""),
    "a subject that is no text": lambda fake: fake.token(sub=7),
    "a long subject": lambda fake: fake.token(sub="x" * 300),
    "a name that is no text": lambda fake: fake.token(email=["a@b"]),
    "a name of several lines": lambda fake: fake.token(email="a@b\nadmin"),
    "a long name": lambda fake: fake.token(email="a" * 300 + "@b"),
    "a NUL in a claim": lambda fake: fake.token(groups=["a\0b"]),
    "half a character in a claim": lambda fake: fake.token(groups=["\ud800"]),
    "alg none": lambda fake: unsigned({"alg": "none", "kid": "one"}, fake.claims()),
    "alg None": lambda fake: unsigned({"alg": "None", "kid": "one"}, fake.claims()),
    "no alg": lambda fake: unsigned({"kid": "one"}, fake.claims()),
    "alg is a list": lambda fake: unsigned({"alg": ["RS256"], "kid": "one"}, fake.claims()),
    "HS256 with the public key": _hmac_with_public_key,
    "tampered": _tampered,
    "no signature": lambda fake: fake.token().rpartition(".")[0] + ".",
    "another key under the same id": lambda fake: _signed(fake, {}, key=rsa_key("two")),
    "an unknown key": lambda fake: fake.token(kid="unknown"),
    "a key of another kind": lambda fake: _signed(fake, {"alg": "ES256"}, key=ec_key()),
    "a key in the header": lambda fake: _signed(
        fake, {"jwk": public_jwk(rsa_key("two"), "one")}, key=rsa_key("two")
    ),
    "a key elsewhere": lambda fake: _signed(
        fake, {"jku": "http://127.0.0.1:1/keys"}, key=rsa_key("two")
    ),
    "a critical extension": lambda fake: _signed(fake, {"crit": ["exp"]}),
    "an access token": lambda fake: _signed(fake, {"typ": "at+jwt"}),
    "two parts": lambda fake: fake.token().rpartition(".")[0],
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(scene: Project, fake: FakeProvider, forge: Forge) -> None:
    response = with_bearer(forge(fake)).get(PROJECTS)

    assert response.status_code == 401
    assert response.json() == {"error": "invalid token"}
    assert not Identity.objects.exists()
    assert not User.objects.exists()


def test_short_keys_are_refused(scene: Project, fake: FakeProvider) -> None:
    fake.keys.append(public_jwk(rsa_key("short", 1024), "short"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = _signed(fake, {"kid": "short"}, key=rsa_key("short", 1024))

    assert with_bearer(token).get(PROJECTS).status_code == 401


def test_a_secret_among_the_keys_verifies_nothing(scene: Project, fake: FakeProvider) -> None:
    fake.keys.append(
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}
    )
    token = jwt.encode(
        fake.claims(),
        b"secretsecretsecretsecretsecret" * 2,
        algorithm="HS256",
        headers={"kid": "secret"},
    )

    assert with_bearer(token).get(PROJECTS).status_code == 401


def test_a_new_key_is_looked_for_once_in_a_while(scene: Project, fake: FakeProvider) -> None:
    names(with_bearer(fake.token()))
    asked = fake.asked.count("/keys")
    fake.keys.append(public_jwk(rsa_key("two"), "two"))
    token = _signed(fake, {"kid": "two"}, key=rsa_key("two"))

    answers = {with_bearer(token).get(PROJECTS).status_code for _ in range(5)}

    assert answers == {401}
    assert fake.asked.count("/keys") == asked == 1


def test_a_new_key_is_found_half_a_minute_later(
    scene: Project, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(with_bearer(fake.token()))
    fake.keys.append(public_jwk(rsa_key("two"), "two"))
    token = _signed(fake, {"kid": "two"}, key=rsa_key("two"))
    later = time.monotonic() + 31
    monkeypatch.setattr("rbac.oidc.issuers.time.monotonic", lambda: later)

    assert names(with_bearer(token)) == ["demo"]


def test_keys_are_fetched_once_for_many_tokens(scene: Project, fake: FakeProvider) -> None:
    for number in range(5):
        names(with_bearer(fake.token(sub=f"person-{number}")))

    assert fake.asked == ["/.well-known/openid-configuration", "/keys"]


def test_what_a_tenants_provider_says_counts_in_that_tenant_alone(
    scene: Project, fake: FakeProvider
) -> None:
    elsewhere = make_tenant("elsewhere")
    map_claim(make_project("other", tenant=elsewhere), "kargo-admin", "groups", "developers")
    client = with_bearer(fake.token())

    assert names(client) == ["demo"]
    assert client.get("/t/elsewhere/v1beta1/projects").status_code == 401


def test_a_provider_of_the_platform_counts_in_every_tenant(
    project: Project, fake: FakeProvider
) -> None:
    trust(fake, None)
    elsewhere = make_tenant("elsewhere")
    map_claim(make_project("other", tenant=elsewhere), "kargo-viewer", "groups", "developers")
    client = with_bearer(fake.token())

    assert names(client, "/t/elsewhere/v1beta1/projects") == ["other"]
    assert names(client) == []


def test_the_same_person_of_two_tenants_is_two_people(scene: Project, fake: FakeProvider) -> None:
    elsewhere = make_tenant("elsewhere")
    trust(fake, elsewhere)
    map_claim(make_project("other", tenant=elsewhere), "kargo-viewer", "groups", "developers")
    token = fake.token()

    assert names(with_bearer(token)) == ["demo"]
    assert names(with_bearer(token), "/t/elsewhere/v1beta1/projects") == ["other"]
    assert Identity.objects.count() == User.objects.count() == 2


def test_an_address_that_is_not_verified_leads_to_no_role(
    project: Project, trusted: IdentityProvider, fake: FakeProvider
) -> None:
    map_claim(project, "kargo-admin", "email", "alice@corp.example")

    assert names(with_bearer(fake.token())) == ["demo"]
    assert names(with_bearer(fake.token(sub="mallory", email_verified=False))) == []
    assert Identity.objects.get(subject="mallory").actor_name == "subject:mallory"
    assert User.objects.get(identities__subject="mallory").email == ""


def test_nobody_takes_over_an_account_by_its_address(
    project: Project, trusted: IdentityProvider, fake: FakeProvider
) -> None:
    root = make_operator("root")

    client = with_bearer(fake.token(sub="mallory", email=root.email, email_verified=True))

    assert names(client) == []
    assert Identity.objects.get().user != root


def test_a_tenants_provider_makes_no_operators(scene: Project, fake: FakeProvider) -> None:
    client = with_bearer(fake.token())
    names(client)
    User.objects.update(is_superuser=True)

    assert client.get(PROJECTS).status_code == 401


def test_an_account_that_is_switched_off_stays_out(scene: Project, fake: FakeProvider) -> None:
    client = with_bearer(fake.token())
    names(client)
    User.objects.update(is_active=False)

    assert client.get(PROJECTS).status_code == 401


def test_a_provider_that_is_switched_off_lets_nobody_in(
    scene: Project, trusted: IdentityProvider, fake: FakeProvider
) -> None:
    client = with_bearer(fake.token())
    names(client)
    spec = ProviderSpec(name="corp", issuer=fake.url, client_id=CLIENT_ID, is_enabled=False)
    update_identity_provider(trusted, spec, actor=OPERATOR, now=now())

    assert client.get(PROJECTS).status_code == 401


def test_an_older_token_brings_no_older_groups_to_others(
    scene: Project, fake: FakeProvider
) -> None:
    earlier = int(time.time()) - 100
    names(with_bearer(fake.token(groups=["nobody"])))

    assert names(with_bearer(fake.token(iat=earlier))) == ["demo"]
    assert Identity.objects.get().claims["groups"] == ["nobody"]


def test_only_people_of_the_domains_come_in(
    project: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    trust(fake, tenant, email_domains=("corp.example",))

    assert with_bearer(fake.token()).get(PROJECTS).status_code == 200
    for claims in (
        {"email": "eve@evil.example"},
        {"email": "eve@evil-corp.example"},
        {"email": "eve@corp.example", "email_verified": None},
        {"email": None},
    ):
        assert with_bearer(fake.token(sub="eve", **claims)).get(PROJECTS).status_code == 401


def test_groups_may_be_in_another_claim(
    project: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    trust(fake, tenant, groups_claim="https://corp.example/teams")
    map_claim(project, "kargo-viewer", "groups", "platform")
    token = fake.token(**{"https://corp.example/teams": ["platform"]})

    assert names(with_bearer(token)) == ["demo"]


def test_acts_are_the_persons_own(
    project: Project, trusted: IdentityProvider, fake: FakeProvider
) -> None:
    map_claim(project, "kargo-admin", "groups", "developers")

    response = with_bearer(fake.token()).delete("/v1beta1/projects/demo")

    assert response.status_code == 204
    assert AuditEvent.objects.get(action="project.delete").actor == "email:alice@corp.example"
