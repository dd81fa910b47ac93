"""Registers the application."""

from django.apps import AppConfig


class KargoPlatformConfig(AppConfig):
    """The ``kargo_platform`` application."""

    name = "kargo_platform"
