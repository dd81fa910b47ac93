"""Sets the scene in the database of the server that people sign in to.

Run as a program with ``DJANGO_SETTINGS_MODULE`` and ``KARGO_VAR_DIR`` set:
``python -m tests.functional.sign_in.director <issuer>``.
"""

import sys

import django

django.setup()

from common.clock import now  # noqa: E402 - Django first
from projects.services.identity_provider_specs import ProviderSpec  # noqa: E402
from projects.services.identity_providers import (  # noqa: E402
    create_identity_provider,
)
from rbac.actors import operator_at_console  # noqa: E402
from rbac.models import ServiceAccount, ServiceAccountClaim  # noqa: E402
from tests.functional.portal.scenes import ordinary  # noqa: E402


def seed(issuer: str) -> None:
    """Make a project that the developers of a provider may see and promote in."""
    project = ordinary().project
    spec = ProviderSpec(
        name="corp",
        title="Corporate",
        issuer=issuer,
        client_id="kargo",
        client_secret="a-long-secret-of-the-client-for-tests",
        cli_client_id="kargo-cli",
        scopes=("openid", "profile", "email", "groups"),
        ends_provider_session=True,
    )
    create_identity_provider(project.tenant, spec, actor=operator_at_console("tests"), now=now())
    account, _ = ServiceAccount.objects.get_or_create(
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        namespace=project.name,
        name="kargo-promoter",
    )
    ServiceAccountClaim.objects.create(service_account=account, name="groups", value="developers")


if __name__ == "__main__":
    seed(sys.argv[1])
