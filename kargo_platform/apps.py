"""Registers the application."""

from importlib import import_module

from django.apps import AppConfig


class KargoPlatformConfig(AppConfig):
    """The ``kargo_platform`` application."""

    name = "kargo_platform"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("kargo_platform.checks")
