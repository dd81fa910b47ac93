from django.utils.module_loading import import_string

from promotions import queue


def test_every_task_path_resolves() -> None:
    paths = [
        value
        for name, value in vars(queue).items()
        if name.isupper() and isinstance(value, str) and "." in value
    ]

    assert paths
    assert all(callable(import_string(path)) for path in paths)
