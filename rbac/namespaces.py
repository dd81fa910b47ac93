"""The namespaces of a tenant that are no projects, and which of their roles count everywhere."""

KARGO_NAMESPACE = "kargo"
"""Where a tenant's system roles and their tokens are."""
