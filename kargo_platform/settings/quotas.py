"""What a new tenant may take, unless an operator gives it limits of its own; unset is no limit."""

from kargo_platform.settings.env import env

QUOTA_PROJECTS = env.int("KARGO_QUOTA_PROJECTS", default=None)
QUOTA_STAGES = env.int("KARGO_QUOTA_STAGES", default=None)
QUOTA_CONCURRENT_PROMOTIONS = env.int("KARGO_QUOTA_CONCURRENT_PROMOTIONS", default=None)
QUOTA_STORAGE_BYTES = env.int("KARGO_QUOTA_STORAGE_BYTES", default=None)
