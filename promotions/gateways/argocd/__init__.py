"""Speaks to Argo CD, over its own API or the Kubernetes API."""
