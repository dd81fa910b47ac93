"""Registers the application."""

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """The ``projects`` application."""

    name = "projects"
