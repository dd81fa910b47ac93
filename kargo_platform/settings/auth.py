"""Who signs in, and how."""

from kargo_platform.settings.env import env

AUTH_USER_MODEL = "rbac.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "rbac.backends.OidcBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "rbac.web.ClosedSignupAdapter"
ACCOUNT_FORMS = {"reset_password": "rbac.web.ResetOwnPassword"}
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Kargo Platform] "
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_anywhere": "100/h/key",
}
"""Attempts from an address; at one account from an address; and at one account from everywhere."""
GLOBAL_SERVICE_ACCOUNT_NAMESPACES = env.list("KARGO_GLOBAL_SERVICE_ACCOUNT_NAMESPACES", default=[])
"""Namespaces beside ``kargo`` whose roles people are led to by claims, in all projects."""

IDENTITY_PROVIDER_FINDER = "projects.services.sign_in.providers_of_issuer"
"""Dotted path of what tells whose ID tokens count in a tenant."""
SSO_SESSION_SECONDS = env.int("KARGO_SSO_SESSION_SECONDS", default=12 * 3600)
"""How long somebody stays signed in, with the claims of that moment, before they are asked for
anew."""

_SOCIAL_TITLES = {"github": "GitHub", "gitlab": "GitLab", "google": "Google"}
_SOCIAL_URLS = {
    "github": env.str("KARGO_SOCIAL_GITHUB_URL", default="https://github.com"),
    "gitlab": env.str("KARGO_SOCIAL_GITLAB_URL", default="https://gitlab.com"),
    "google": "https://accounts.google.com",
}
SOCIAL_SIGNUP_DOMAINS = env.list("KARGO_SOCIAL_SIGNUP_DOMAINS", default=[])
"""Domains whose people may sign in with GitHub, GitLab or Google, by a verified address."""
SOCIAL_ISSUERS = dict(_SOCIAL_URLS)
SOCIALACCOUNT_PROVIDERS = {
    name: {
        "APPS": [
            {
                "client_id": env.str(f"KARGO_SOCIAL_{name.upper()}_CLIENT_ID"),
                "secret": env.str(f"KARGO_SOCIAL_{name.upper()}_CLIENT_SECRET"),
                "settings": {"gitlab_url": _SOCIAL_URLS["gitlab"]},
            }
        ],
        "OAUTH_PKCE_ENABLED": True,
    }
    for name in _SOCIAL_TITLES
    if f"KARGO_SOCIAL_{name.upper()}_CLIENT_ID" in env.ENVIRON
}
if "github" in SOCIALACCOUNT_PROVIDERS and _SOCIAL_URLS["github"] != "https://github.com":
    SOCIALACCOUNT_PROVIDERS["github"]["GITHUB_URL"] = _SOCIAL_URLS["github"]
SOCIAL_PROVIDERS = [(name, _SOCIAL_TITLES[name]) for name in SOCIALACCOUNT_PROVIDERS]
SOCIALACCOUNT_ADAPTER = "projects.portal.social.SocialAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True
"""A form that leads elsewhere is against the content security policy; connecting is refused."""
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_STORE_TOKENS = False

REQUIRE_OPERATOR_MFA = env.bool("KARGO_REQUIRE_OPERATOR_MFA", default=False)
"""Whether operators who sign in with a password must have a second factor first."""
MFA_ADAPTER = "projects.portal.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Kargo Platform"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
"""Operators write addresses; nobody is asked to prove theirs."""
