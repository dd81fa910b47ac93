"""Settings for the test suite: a fast hasher, mail in memory, a database per process."""

import os
import tempfile

os.environ.setdefault("KARGO_VAR_DIR", tempfile.mkdtemp(prefix="kargo-test-"))

from kargo_platform.settings import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
"""Without WhiteNoise, which warns about a folder of collected files that tests do not have."""
