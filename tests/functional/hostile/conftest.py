from tests.functional.domain.conftest import operator, origin, world

__all__ = ["operator", "origin", "world"]
