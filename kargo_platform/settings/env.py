"""Reads the environment, loudly: a bad value stops the start."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parents[2]
env = environ.Env()

VAR_DIR = Path(env.str("KARGO_VAR_DIR", default=str(BASE_DIR / "var")))
"""Where the SQLite database, the Git mirrors and the work directories live by default."""
