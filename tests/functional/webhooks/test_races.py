"""A Secret and the configuration that names it change at once, again and again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from promotions.models import WebhookReceiver
from promotions.selectors.webhooks import receiver_secret
from promotions.services.webhook_receivers import digest_of
from tests.factories.domain import make_project
from tests.functional.webhooks.hooks import Hooks, entry

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

_TIMES = 15


def test_the_last_word_is_the_secrets_as_it_is(transactional_db: None) -> None:
    hooks = Hooks(make_project())
    hooks.secret(secret="first")

    def rotate() -> None:
        for number in range(_TIMES):
            hooks.secret(secret=f"value {number}")

    def configure() -> None:
        for number in range(_TIMES):
            hooks.configure(*([entry("github")] if number % 2 == 0 else []))

    def run(act: str) -> None:
        try:
            (rotate if act == "rotate" else configure)()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, ("rotate", "configure")))

    row = WebhookReceiver.objects.get()
    secret = receiver_secret("hook", tenant=hooks.tenant, project=hooks.project)
    assert secret is not None
    assert row.digest == digest_of("hook", "github", secret, project=hooks.project)
