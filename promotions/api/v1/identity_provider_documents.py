"""Identity providers as the native API reads and writes them; secrets only go in."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import QueryDict

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue
from common.rest.requests import bad_request, count_of, text_of
from projects.models import IdentityProvider, Tenant
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import identity_providers_of
from projects.services.sign_in import CLI_CALLBACK, addresses_of
from promotions.api.v1.operator_view import refuse_unknown
from promotions.manifests.metadata import timestamp

PAGE, LARGEST_PAGE = 100, 1000

_SECRET = "clientSecret"  # noqa: S105 - the name of a key


def page_of_providers(tenant: Tenant | None, query: QueryDict) -> Mapping[str, Any]:
    """Return a page of a tenant's providers (or the platform's own), by name.

    Raises:
        InvalidError: The query makes no sense.
    """
    limit = count_of(query, "limit") or PAGE
    if limit > LARGEST_PAGE:
        raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
    found = list(identity_providers_of(tenant, after=query.get("after", ""))[: limit + 1])
    shown = found[:limit]
    return {
        "items": [provider_to(it) for it in shown],
        "after": shown[-1].name if found[limit:] else None,
    }


def provider_to(provider: IdentityProvider) -> dict[str, Any]:
    """Return a provider's document; of its secret, whether there is one."""
    addresses = addresses_of(provider, base=str(settings.BASE_URL))
    return {
        "name": provider.name,
        "uid": str(provider.uid),
        "tenant": provider.tenant.name if provider.tenant else None,
        **{key: getattr(provider, name) for key, (name, _) in _FIELDS.items() if key != "name"},
        "hasClientSecret": bool(provider.encrypted),
        "redirectUris": [addresses.callback, CLI_CALLBACK],
        "postLogoutRedirectUri": addresses.after_sign_out,
        "createdAt": timestamp(provider.created_at),
        "updatedAt": timestamp(provider.updated_at),
    }


def new_spec_from(body: JSONObject) -> ProviderSpec:
    """Return what a body says of a new provider.

    Raises:
        InvalidError: A key is not known, or a value of another type.
    """
    refuse_unknown(body, *_FIELDS, _SECRET)
    empty = ProviderSpec(name="", issuer="", client_id="")
    return _with(empty, body)


def changed_spec_from(body: JSONObject, known: ProviderSpec) -> ProviderSpec:
    """Return what a body makes of what is known; what it does not name stays, the name always.

    Raises:
        InvalidError: A key is not known, or a value of another type.
    """
    refuse_unknown(body, *(key for key in _FIELDS if key != "name"), _SECRET)
    return _with(known, body)


@contextmanager
def in_words_of_the_api() -> Iterator[None]:
    """Name the fields in refusals as bodies name them."""
    keys = {name: key for key, (name, _) in _FIELDS.items()} | {"client_secret": _SECRET}
    try:
        yield
    except InvalidError as error:
        problems = tuple(
            FieldProblem(keys.get(it.path, it.path), it.reason) for it in error.problems
        )
        raise InvalidError(error.message, code=error.code, problems=problems) from error


def _with(spec: ProviderSpec, body: JSONObject) -> ProviderSpec:
    given: dict[str, Any] = {
        name: read(body, key) for key, (name, read) in _FIELDS.items() if key in body
    }
    if _SECRET in body:
        given["client_secret"] = _secret(body)
    return replace(spec, **given)


def _secret(body: JSONObject) -> str:
    """Return a secret as it is, spaces too; null takes away the one that is there."""
    text_of(body, _SECRET)
    return str(body[_SECRET] or "")


def _flag(body: JSONObject, key: str) -> bool:
    value = body[key]
    if not isinstance(value, bool):
        raise bad_request(f'"{key}" must be true or false')
    return value


def _texts(body: JSONObject, key: str) -> tuple[str, ...]:
    value = body[key]
    if not isinstance(value, list) or not all(_is_text(it) for it in value):
        raise bad_request(f'"{key}" must be a list of strings')
    return tuple(str(it) for it in value)


def _is_text(value: JSONValue) -> bool:
    return isinstance(value, str) and "\0" not in value


_FIELDS: Mapping[str, tuple[str, Callable[[JSONObject, str], Any]]] = {
    "name": ("name", text_of),
    "title": ("title", text_of),
    "issuer": ("issuer", text_of),
    "clientId": ("client_id", text_of),
    "cliClientId": ("cli_client_id", text_of),
    "clientAuth": ("client_auth", text_of),
    "scopes": ("scopes", _texts),
    "usernameClaim": ("username_claim", text_of),
    "groupsClaim": ("groups_claim", text_of),
    "emailDomains": ("email_domains", _texts),
    "trustsEmail": ("trusts_email", _flag),
    "endsProviderSession": ("ends_provider_session", _flag),
    "enabled": ("is_enabled", _flag),
}
"""The attribute of a provider behind each key of a body, and how the key is read."""
