"""Settings for the test suite: a folder of its own, a fast hasher, mail in memory."""

import atexit
import os
import shutil
import tempfile

if "KARGO_VAR_DIR" not in os.environ:
    os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-test-")
    atexit.register(shutil.rmtree, os.environ["KARGO_VAR_DIR"], ignore_errors=True)

from kargo_platform.settings.main import *

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
"""Without WhiteNoise, which warns about a folder of collected files that tests do not have."""
