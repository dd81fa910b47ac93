"""Tenancy: tenants, projects, their configuration, secrets and history."""

from projects.models.change import Change, ChangeType
from projects.models.config import ClusterConfig, ProjectConfig
from projects.models.config_map import ConfigMap
from projects.models.control_plane import ControlPlane
from projects.models.identity_provider import IdentityProvider
from projects.models.project import Project
from projects.models.quota import Quota
from projects.models.secret import Secret
from projects.models.tenant import Tenant
from projects.models.tenant_key import TenantKey

__all__ = [
    "Change",
    "ChangeType",
    "ClusterConfig",
    "ConfigMap",
    "ControlPlane",
    "IdentityProvider",
    "Project",
    "ProjectConfig",
    "Quota",
    "Secret",
    "Tenant",
    "TenantKey",
]
