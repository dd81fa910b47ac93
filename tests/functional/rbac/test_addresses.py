import pytest
from django.test import Client

from tests.factories.people import make_person

pytestmark = pytest.mark.django_db


def test_nobody_takes_the_address_of_somebody_else(client: Client) -> None:
    bob = make_person("bob")
    client.force_login(bob)

    statuses = [
        client.get("/accounts/email/").status_code,
        *(
            client.post("/accounts/email/", {action: "", "email": "alice@example.com"}).status_code
            for action in ("action_add", "action_primary")
        ),
    ]

    bob.refresh_from_db()
    assert statuses == [404, 404, 404]
    assert bob.email == "bob@example.com"
