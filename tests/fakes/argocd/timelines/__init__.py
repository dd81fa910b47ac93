"""Timelines: what may happen to Applications, written down, and replayed against the fake.

:mod:`.loading` says what a file may hold, :func:`.replay.replay` plays one.
"""
