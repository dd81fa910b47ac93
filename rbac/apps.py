"""Registers the application."""

from importlib import import_module

from django.apps import AppConfig


class RbacConfig(AppConfig):
    """The ``rbac`` application."""

    name = "rbac"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("rbac.checks")
