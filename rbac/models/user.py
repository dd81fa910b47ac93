"""People who sign in."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A person. ``is_superuser`` makes an operator, who may do everything in every tenant."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
