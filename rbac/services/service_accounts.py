"""Writes ServiceAccounts, and the claims that lead people to them, in one place."""

from collections.abc import Mapping
from typing import Any

from common.errors import FieldProblem, InvalidError
from rbac.claims import CLAIMS, ClaimMap, annotation_of, sorted_claims, without_claims
from rbac.models import ServiceAccount, ServiceAccountClaim

LONGEST_NAME = 253
LONGEST_VALUE = 1024


def store_account(account: ServiceAccount, *, claims: ClaimMap) -> ServiceAccount:
    """Store what changed of a ServiceAccount, and exactly these claims.

    Its annotations say them in Kargo's newer form, whatever they said before; the copy that is
    searched says the same.

    Raises:
        InvalidError: A claim is too long, or there are too many.
    """
    kept = sorted_claims(claims)
    _check_lengths(kept)
    account.annotations = {**without_claims(account.annotations), **annotation_of(kept)}
    account.claims = {name: list(values) for name, values in kept.items()}
    account.save(update_fields=["labels", "annotations", "claims"])
    _index(account)
    return account


def index_claims(accounts: list[ServiceAccount]) -> None:
    """Store the searched copy of the claims of ServiceAccounts that have none yet."""
    ServiceAccountClaim.objects.bulk_create(
        ServiceAccountClaim(service_account=account, name=name, value=value)
        for account in accounts
        for name, values in account.claims.items()
        for value in values
    )


def audited(account: ServiceAccount) -> Mapping[str, Any]:
    """Return what the audit keeps of a ServiceAccount."""
    return {
        "labels": account.labels,
        "annotations": without_claims(account.annotations),
        "claims": account.claims,
    }


def _index(account: ServiceAccount) -> None:
    wanted = {(name, value) for name, values in account.claims.items() for value in values}
    stored = {(it.name, it.value): it.pk for it in account.claim_values.all()}
    gone = [pk for pair, pk in stored.items() if pair not in wanted]
    account.claim_values.filter(pk__in=gone).delete()
    ServiceAccountClaim.objects.bulk_create(
        ServiceAccountClaim(service_account=account, name=name, value=value)
        for name, value in sorted(wanted - stored.keys())
    )


def _check_lengths(claims: ClaimMap) -> None:
    for name, values in claims.items():
        if len(name) > LONGEST_NAME:
            raise _too_long(f"has a name of more than {LONGEST_NAME} characters")
        if any(len(value) > LONGEST_VALUE for value in values):
            raise _too_long(f'has a value of "{name}" of more than {LONGEST_VALUE} characters')


def _too_long(reason: str) -> InvalidError:
    problem = FieldProblem(f"metadata.annotations[{CLAIMS}]", reason)
    return InvalidError(str(problem), problems=(problem,))
