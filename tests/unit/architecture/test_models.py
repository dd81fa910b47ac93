import importlib
import pkgutil

import pytest
from django.apps import apps
from django.db import models

PACKAGES = ("rbac.models", "projects.models", "promotions.models")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_model_module_is_registered(package: str) -> None:
    root = importlib.import_module(package)
    names = [module.name for module in pkgutil.iter_modules(root.__path__)]

    defined = {
        value.__name__
        for name in names
        for value in vars(importlib.import_module(f"{package}.{name}")).values()
        if isinstance(value, type)
        and issubclass(value, models.Model)
        and value.__module__ == f"{package}.{name}"
        and not value._meta.abstract
    }

    label = package.partition(".")[0]
    assert defined == {model.__name__ for model in apps.get_app_config(label).get_models()}
    assert defined <= set(root.__all__)
