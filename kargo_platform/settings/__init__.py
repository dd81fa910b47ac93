"""Settings, one module a concern; ``main`` puts them together and ``test`` changes a few."""
