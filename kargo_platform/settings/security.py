"""Keys, cookies, hosts and the content security policy."""

from csp.constants import NONE, SELF

from kargo_platform.settings.env import VAR_DIR, env
from kargo_platform.settings.keys import read_or_create_key
from kargo_platform.settings.origins import exact_origins

SECRET_KEY = env.str("KARGO_SECRET_KEY", default="") or read_or_create_key(VAR_DIR / "secret.key")
SECRET_KEY_FALLBACKS = env.list("KARGO_SECRET_KEY_FALLBACKS", default=[])
"""Keys that were ``KARGO_SECRET_KEY`` before: what they signed is still believed."""
ENCRYPTION_KEYS = env.list("KARGO_ENCRYPTION_KEYS", default=[]) or [
    f"local:{read_or_create_key(VAR_DIR / 'encryption.key')}"
]
"""``<key id>:<base64 of 32 bytes>``, newest first; the first encrypts, all decrypt."""

ALLOWED_HOSTS = env.list("KARGO_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("KARGO_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = exact_origins(
    env.list("KARGO_CORS_ALLOWED_ORIGINS", default=[]), setting="KARGO_CORS_ALLOWED_ORIGINS"
)
"""Origins of pages that may call ``/v1beta1`` with a bearer token; cookies are never allowed."""
TRUSTED_PROXIES = env.list("KARGO_TRUSTED_PROXIES", default=[])
"""Networks of reverse proxies whose ``X-Forwarded-For`` is believed; ``unix`` for those that come
over a socket."""
BASE_URL = env.str("KARGO_BASE_URL", default="http://127.0.0.1:8000")
"""The portal's address, as expressions (``ctx.uiBaseUrl``) and links see it."""

_HTTPS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
if _HTTPS:  # no host beside this one can set cookies of such names
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
