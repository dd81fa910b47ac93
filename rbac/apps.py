"""Registers the application."""

from django.apps import AppConfig


class RbacConfig(AppConfig):
    """The ``rbac`` application."""

    name = "rbac"
