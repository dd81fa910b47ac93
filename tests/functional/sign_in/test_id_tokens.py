"""ID tokens on the REST API, good ones and forged ones."""

import time
from typing import Any

import jwt
import pytest
from django.test import Client

from common.clock import now
from projects.models import IdentityProvider, Project, Tenant
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import update_identity_provider
from rbac.models import AuditEvent, Identity, User
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import make_operator
from tests.fakes.identity_provider import (
    CLI_CLIENT_ID,
    CLIENT_ID,
    FakeProvider,
    ec_key,
    fake_provider,
    public_jwk,
    rsa_key,
    signed,
)
from tests.functional.sign_in.conftest import OPERATOR, map_claim, trust, with_bearer
from tests.functional.sign_in.forging import FORGED, Forge, signed_by

pytestmark = pytest.mark.django_db
PROJECTS = "/v1beta1/projects"


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


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(scene: Project, fake: FakeProvider, forge: Forge) -> None:
    response = with_bearer(forge(fake)).get(PROJECTS)

    assert response.status_code == 401
    assert response.json() == {"error": "invalid token"}
    assert not Identity.objects.exists()
    assert not User.objects.exists()


def test_the_command_lines_own_client_is_an_audience(scene: Project, fake: FakeProvider) -> None:
    tokens = [
        fake.token(aud=CLI_CLIENT_ID, azp=CLI_CLIENT_ID),
        fake.token(aud=[CLIENT_ID, CLI_CLIENT_ID], azp=CLI_CLIENT_ID),
        fake.token(aud=[CLI_CLIENT_ID], azp=None),
    ]

    assert [names(with_bearer(it)) for it in tokens] == [["demo"]] * 3


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_token_names_no_place_for_keys(scene: Project, fake: FakeProvider, name: str) -> None:
    with fake_provider() as evil:
        evil.keys = [public_jwk(rsa_key("two"), "two")]
        header = {name: f"{evil.url}/keys", "kid": "two"}
        token = signed_by(fake, header, key=rsa_key("two"))

        assert with_bearer(token).get(PROJECTS).status_code == 401
        assert evil.asked == []


def test_an_issuer_that_nobody_trusts_is_never_asked(scene: Project, fake: FakeProvider) -> None:
    with fake_provider() as evil:
        for claims in ({}, {"aud": [CLIENT_ID]}, {"iss": f"{fake.url}/../{evil.url}"}):
            token = signed(evil.claims(**claims), {"kid": "one"})
            assert with_bearer(token).get(PROJECTS).status_code == 401

        assert evil.asked == fake.asked == []


def test_one_provider_does_not_sign_for_another(
    scene: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    with fake_provider() as other:
        other.keys = [public_jwk(rsa_key("two"), "two")]
        trust(other, tenant, name="other")
        mine = signed(other.claims(), {"kid": "two"}, key=rsa_key("two"))
        theirs = signed(fake.claims(), {"kid": "two"}, key=rsa_key("two"))

        statuses = [with_bearer(it).get(PROJECTS).status_code for it in (mine, theirs)]

    assert statuses == [200, 401]


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"alg": "PS256"}, {"kty": "EC"}, {"d": "AQAB"}],
    ids=["for encryption", "for another algorithm", "of another kind", "a private one"],
)
def test_a_key_serves_for_what_it_is_published_for(
    scene: Project, fake: FakeProvider, change: dict[str, str]
) -> None:
    fake.keys = [{**fake.keys[0], **change}]

    assert with_bearer(fake.token()).get(PROJECTS).status_code == 401


def test_a_flood_of_unknown_keys_asks_once(scene: Project, fake: FakeProvider) -> None:
    names(with_bearer(fake.token()))
    for number in range(50):
        with_bearer(fake.token(kid=f"made-up-{number}")).get(PROJECTS)

    assert fake.asked.count("/keys") == 1
    assert names(with_bearer(fake.token())) == ["demo"]


def test_a_flood_before_anything_is_known_asks_once(scene: Project, fake: FakeProvider) -> None:
    for number in range(20):
        with_bearer(fake.token(kid=f"made-up-{number}")).get(PROJECTS)

    assert fake.asked == ["/.well-known/openid-configuration", "/keys"]


def test_a_flood_goes_on_for_minutes_and_asks_twice_a_minute(
    scene: Project, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(with_bearer(fake.token()))
    start = time.monotonic()
    for second in range(0, 120, 5):
        monkeypatch.setattr("rbac.oidc.issuers.time.monotonic", lambda at=start + second + 1: at)
        with_bearer(fake.token(kid=f"made-up-{second}")).get(PROJECTS)

    assert fake.asked.count("/keys") <= 1 + 4


def test_short_keys_are_refused(scene: Project, fake: FakeProvider) -> None:
    fake.keys.append(public_jwk(rsa_key("short", 1024), "short"))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = signed_by(fake, {"kid": "short"}, key=rsa_key("short", 1024))

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
    token = signed_by(fake, {"kid": "two"}, key=rsa_key("two"))

    answers = {with_bearer(token).get(PROJECTS).status_code for _ in range(5)}

    assert answers == {401}
    assert fake.asked.count("/keys") == asked == 1


def test_a_new_key_is_found_half_a_minute_later(
    scene: Project, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(with_bearer(fake.token()))
    fake.keys.append(public_jwk(rsa_key("two"), "two"))
    token = signed_by(fake, {"kid": "two"}, key=rsa_key("two"))
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
