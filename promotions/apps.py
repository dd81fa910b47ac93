"""Registers the application."""

from importlib import import_module

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """The ``promotions`` application."""

    name = "promotions"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("promotions.management.checks")
