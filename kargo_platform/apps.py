"""Registers the application."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class TenantAdminConfig(AdminConfig):
    """Django's admin, on our site."""

    default_site = "projects.admin_site.TenantAdminSite"


class KargoPlatformConfig(AppConfig):
    """The ``kargo_platform`` application."""

    name = "kargo_platform"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("kargo_platform.checks")
