"""Webhook receivers, from the manifest to the refreshed object."""
