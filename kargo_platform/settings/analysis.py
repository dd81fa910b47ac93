"""Verification: how long metrics may take, whose credentials they use, and what runs jobs."""

from kargo_platform.settings.env import env

METRIC_SECONDS = env.float("KARGO_METRIC_SECONDS", default=60.0)
"""The longest that one request for a metric may take, whatever the metric asks for."""
METRICS_CA_FILE = env.str("KARGO_METRICS_CA_FILE", default="")
"""PEM file of the authorities that vouch for sources of metrics, instead of the usual ones."""
METRICS_FROM_ENVIRONMENT = env.bool("KARGO_METRICS_FROM_ENVIRONMENT", default=False)
"""Whether metrics may be measured with the credentials in the workers' own environment
(``DD_API_KEY``, ``AWS_ACCESS_KEY_ID`` …): every tenant could then use them."""
LOCAL_JOBS = env.bool("KARGO_LOCAL_JOBS", default=False)
"""Whether ``job`` metrics run as confined commands on the workers' own hosts."""
LOCAL_JOB_PROGRAMS = env.list("KARGO_LOCAL_JOB_PROGRAMS", default=[])
"""Absolute paths of the programs that such jobs may run."""
LOCAL_JOB_SECONDS = env.float("KARGO_LOCAL_JOB_SECONDS", default=300.0)
"""The longest that such a job may take."""
NESTED_ANALYSIS_TEMPLATES = env.bool("KARGO_NESTED_ANALYSIS_TEMPLATES", default=False)
"""Whether templates that a template includes count, as in Argo Rollouts and not as in Kargo."""
ANALYSIS_FIELD_REFS = env.bool("KARGO_ANALYSIS_FIELD_REFS", default=False)
"""Whether arguments with ``fieldRef`` take their values from the Stage's manifest."""
