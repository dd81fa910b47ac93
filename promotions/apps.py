"""Registers the application."""

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    """The ``promotions`` application."""

    name = "promotions"
