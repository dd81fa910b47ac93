"""Tells whoever follows, at once, what changed: pages of the portal and watches of the API."""
