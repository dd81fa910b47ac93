"""``POST /v1beta1/login``: the admin's password for a token."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.contrib.auth.hashers import make_password
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from common.errors import ForbiddenError, NotFoundError
from common.rest.requests import bad_request
from projects.models import Tenant
from projects.rest import TenantView
from projects.selectors import tenant_named
from rbac.authorizer import PUBLIC
from rbac.origin import address_of, neighbourhood_of
from rbac.rest.authentication import BEARER
from rbac.selectors import actor_for, admin_account
from rbac.selectors.tokens import PASSWORD_CLAIM, password_mark
from rbac.services import issue_token
from rbac.services.sign_ins import note_failed_sign_in
from rbac.tokens import issuer

TOKEN_LIFE = timedelta(hours=24)


class AllLogins(SimpleRateThrottle):
    """Attempts in a minute from everywhere: many addresses together guess no faster."""

    rate = "120/min"
    scope = "logins"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        del request, view
        return "logins"


class LoginThrottle(SimpleRateThrottle):
    """Ten attempts a minute from one address; those that are let through count for all."""

    rate = "10/min"
    scope = "login"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return super().allow_request(request, view) and AllLogins().allow_request(request, view)

    def get_cache_key(self, request: Request, view: APIView) -> str:
        del view
        return f"login:{neighbourhood_of(request)}"


class LogIn(TenantView):
    """Kargo sends the password where the token will be: in the bearer header, with no body."""

    access_verb = PUBLIC
    authentication_classes = ()
    throttle_classes = (LoginThrottle,)

    def post(self, request: Request, **_: str) -> Response:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header.startswith(BEARER):
            raise bad_request("the password belongs in the Authorization header, as Bearer")
        password = _as_written(header.removeprefix(BEARER))
        if not password:
            raise bad_request("the password in the Authorization header is empty")
        admin = admin_account()
        if admin is None:
            make_password(password)  # as slow as checking one
            raise ForbiddenError("admin login is disabled")
        if not admin.check_password(password):
            note_failed_sign_in(
                admin.username, via="login", address=address_of(request), now=self.now
            )
            raise ForbiddenError("invalid password")
        plaintext = issue_token(
            admin,
            name="login",
            tenant_uid=self._tenant().uid,
            expires_at=self.now + TOKEN_LIFE,
            actor=actor_for(admin, address=address_of(request)),
            now=self.now,
            claims={
                "sub": "admin",
                "aud": urlsplit(issuer()).netloc,
                PASSWORD_CLAIM: password_mark(admin),
            },
        )[1]
        return Response({"idToken": plaintext})

    def _tenant(self) -> Tenant:
        try:
            return tenant_named(self.tenant_name)
        except NotFoundError as error:
            raise ForbiddenError("invalid password") from error


def _as_written(text: str) -> str:
    """Return what a client meant: the command line sends UTF-8, and a header is read as Latin-1."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
