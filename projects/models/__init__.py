"""Tenancy: tenants, projects, their configuration, secrets and history."""

from projects.models.change import Change, ChangeType
from projects.models.config import ClusterConfig, ProjectConfig
from projects.models.config_map import ConfigMap
from projects.models.project import Project
from projects.models.secret import Secret
from projects.models.tenant import Tenant

__all__ = [
    "Change",
    "ChangeType",
    "ClusterConfig",
    "ConfigMap",
    "Project",
    "ProjectConfig",
    "Secret",
    "Tenant",
]
