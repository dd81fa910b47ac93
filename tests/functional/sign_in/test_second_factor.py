"""Second factors of accounts with a password, and of operators who must have one."""

import base64
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from projects.models import Project
from rbac.models import User
from tests.factories.people import PASSWORD, make_operator
from tests.fakes.identity_provider import FakeProvider
from tests.functional.sign_in.conftest import begin, come_back, trust

pytestmark = pytest.mark.django_db
SIGN_IN, ACTIVATE, ASK = (
    "/accounts/login/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/authenticate/",
)


@pytest.fixture
def admin(project: Project) -> User:
    return make_operator("admin")


def code_of(key: str, *, steps: int = 0) -> str:
    """Return what an authenticator app shows. Source: RFC 6238."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(base64.b32decode(key), counter, "sha1").digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def sign_in(client: Client, **query: str) -> str:
    form = {"login": "admin", "password": PASSWORD, **query}
    return str(client.post(SIGN_IN, form)["Location"])


def activate(client: Client) -> tuple[str, list[str]]:
    """Set up a second factor; return its key and the recovery codes that are shown."""
    again = client.get(ACTIVATE)["Location"]
    assert "password" in client.get(again).content.decode()
    page = client.post(again, {"password": PASSWORD}, follow=True).content.decode()
    found = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert found is not None, page
    assert "<svg" in page
    answer = client.post(ACTIVATE, {"code": code_of(found[1])})
    assert answer.status_code == 302, answer.content.decode()
    shown = client.get(answer["Location"]).content.decode()
    return found[1], re.findall(r"\b\d{8}\b", shown)


def test_a_second_factor_is_asked_for_from_then_on(admin: User) -> None:
    owner, thief = Client(), Client()
    sign_in(owner)
    key, _ = activate(owner)
    cache.clear()

    asked = sign_in(thief)
    before = thief.get("/projects").status_code
    wrong = thief.post(ASK, {"code": "000000"})
    right = thief.post(ASK, {"code": code_of(key, steps=1)})

    assert asked == ASK
    assert before == 302
    assert b"Incorrect code" in wrong.content
    assert right["Location"] == "/"
    assert thief.get("/projects").status_code == 200


def test_a_recovery_code_works_once(admin: User) -> None:
    owner = Client()
    sign_in(owner)
    _, codes = activate(owner)
    cache.clear()
    answers = []
    for _ in range(2):
        client = Client()
        sign_in(client)
        client.post(ASK, {"code": codes[0]})
        answers.append(client.get("/projects").status_code)

    assert len(codes) == 10
    assert answers == [200, 302]


def test_no_other_door_takes_the_password_alone(admin: User) -> None:
    owner = Client()
    sign_in(owner)
    activate(owner)
    client = Client()

    form = {"username": "admin", "password": PASSWORD, "next": "/admin/"}
    in_admin = client.post("/admin/login/", form)
    over_api = client.post("/v1beta1/login", headers={"Authorization": f"Bearer {PASSWORD}"})
    config = client.get("/v1beta1/system/public-server-config").json()

    assert in_admin["Location"].startswith(SIGN_IN)
    assert client.get("/admin/").status_code == 302
    assert over_api.status_code == 403
    assert config["adminAccountEnabled"] is False


def test_the_key_is_kept_encrypted_and_on_no_page(admin: User) -> None:
    owner = Client()
    sign_in(owner)
    key, codes = activate(owner)
    row = Authenticator.objects.get(type="totp")

    pages = [
        owner.get(f"/admin/mfa/authenticator/{it.pk}/change/").content.decode()
        for it in Authenticator.objects.all()
    ]

    assert key not in str(row.data)
    assert not any(text in page for page in pages for text in (key, *codes, "gAAAA"))


def test_operators_who_must_have_one_set_it_up_before_anything_else(
    admin: User, settings: Settings
) -> None:
    settings.REQUIRE_OPERATOR_MFA = True
    client = Client()
    sign_in(client)

    closed = {
        path: client.get(path).status_code
        for path in ("/projects/demo", "/admin/", "/admin/rbac/user/", "/v1beta1/projects/demo")
    }
    sent_to = client.get("/projects")["Location"], client.get("/admin/login/")["Location"]
    activate(client)

    assert closed == {
        "/projects/demo": 302,
        "/admin/": 302,
        "/admin/rbac/user/": 302,
        "/v1beta1/projects/demo": 404,
    }
    assert sent_to == (ACTIVATE, ACTIVATE)
    assert client.get("/projects/demo").status_code == 200
    assert client.get("/admin/").status_code == 200
    assert client.get("/v1beta1/projects/demo").status_code == 200


def test_who_must_have_one_cannot_take_it_off(admin: User, settings: Settings) -> None:
    settings.REQUIRE_OPERATOR_MFA = True
    client = Client()
    sign_in(client)
    activate(client)

    client.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.filter(type="totp").exists()


def test_the_admins_password_buys_no_token_where_more_is_needed(
    admin: User, settings: Settings
) -> None:
    settings.REQUIRE_OPERATOR_MFA = True

    answer = Client().post("/v1beta1/login", headers={"Authorization": f"Bearer {PASSWORD}"})

    assert answer.status_code == 403
    assert answer.json() == {"error": "admin login is disabled"}


def test_operators_of_a_provider_are_asked_by_it(
    client: Client, admin: User, project: Project, fake: FakeProvider, settings: Settings
) -> None:
    settings.REQUIRE_OPERATOR_MFA = True
    trust(fake, None)
    come_back(client, fake, begin(client))
    User.objects.filter(username__startswith="sso-").update(is_superuser=True, is_staff=True)

    assert client.get("/projects/demo").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_who_is_signed_in_without_a_right_gets_no_sign_in_form(
    client: Client, project: Project, fake: FakeProvider
) -> None:
    trust(fake, None)
    come_back(client, fake, begin(client))

    assert client.get("/admin/login/").status_code == 403
    form = {"username": "admin", "password": PASSWORD}
    assert client.post("/admin/login/", form).status_code == 403
