"""The labels and annotations that carry meaning on access objects.

Source: Kargo ``api/rbac/v1alpha1``.
"""

from typing import Final

MANAGED: Final = "rbac.kargo.akuity.io/managed"
"""Annotation of what the operations on roles may change."""
SYSTEM_ROLE: Final = "rbac.kargo.akuity.io/system-role"
"""Label of the ServiceAccounts that are system roles."""
API_TOKEN: Final = "rbac.kargo.akuity.io/api-token"  # noqa: S105 - a key, not a secret
"""Label of the Secrets that stand for tokens."""
TOKEN_OF: Final = "kubernetes.io/service-account.name"  # noqa: S105 - a key, not a secret
"""Annotation of such a Secret: whose token it is."""
DESCRIPTION: Final = "kargo.akuity.io/description"

TRUE: Final = "true"
