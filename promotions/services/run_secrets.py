"""Keeps what a promotion that runs knows and may not show: its secrets, its outputs as they are.

The secrets that one pass was given are masked by the passes after it too, whoever makes them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import orjson

from common.jsontypes import JSONObject
from common.redaction import mask_json, note_secrets, noted_secrets, noting_secrets
from projects.encryption import decrypt, encrypt
from promotions.models import Promotion

_SECRETS = "secrets"
_STATE = "state"


@contextmanager
def known(promotion: Promotion) -> Iterator[None]:
    """Have what is redacted in the block redacted of the secrets that a promotion was given."""
    with noting_secrets():
        _note(_kept(promotion))
        yield


def state_of(promotion: Promotion) -> JSONObject:
    """Return a promotion's outputs as they are, by alias, and note the secrets that it knows."""
    kept = _kept(promotion)
    _note(kept)
    state: JSONObject = orjson.loads(kept[_STATE]) if _STATE in kept else promotion.state
    return state


def columns(promotion: Promotion, state: JSONObject) -> dict[str, Any]:
    """Return what to store beside a promotion's masked outputs; nothing if it is there already."""
    keep: dict[str, str] = {}
    if mask_json(state) != state:
        keep[_STATE] = orjson.dumps(state).decode()
    if noted := noted_secrets():
        keep[_SECRETS] = orjson.dumps(sorted(noted)).decode()
    if keep == _kept(promotion):
        return {}
    if not keep:
        return {"encrypted": ""}
    text = encrypt(keep, tenant_uid=_tenant_uid(promotion), bound_to=str(promotion.uid))
    return {"encrypted": text}


def _note(kept: Mapping[str, str]) -> None:
    if _SECRETS in kept:
        note_secrets(orjson.loads(kept[_SECRETS]))


def _kept(promotion: Promotion) -> dict[str, str]:
    if not promotion.encrypted:
        return {}
    return decrypt(
        promotion.encrypted, tenant_uid=_tenant_uid(promotion), bound_to=str(promotion.uid)
    )


def _tenant_uid(promotion: Promotion) -> UUID:
    return promotion.project.tenant.uid
