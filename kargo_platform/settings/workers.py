"""Workers: django-q2 as the doorbell, and where they keep files."""

from kargo_platform.settings.base import DATABASES
from kargo_platform.settings.env import VAR_DIR, env

_ON_POSTGRESQL = DATABASES["default"]["ENGINE"].endswith("postgresql")

DEFAULT_SHARD = "default"
SHARDS = env.list("KARGO_SHARDS", default=[])
WORKERS = env.int("KARGO_WORKERS", default=4)

Q_CLUSTER = {
    "name": DEFAULT_SHARD,
    "orm": "default",
    "broker_class": "kargo_platform.workers.brokers.NotifyingBroker"
    if _ON_POSTGRESQL
    else "kargo_platform.workers.brokers.ResilientBroker",
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "bulk": WORKERS,
    "poll": 1.0 if _ON_POSTGRESQL else 0.05,
    "timeout": 900,
    "retry": 3600,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": -1,
    "recycle": 500,
    "guard_cycle": 0.5,
    "catch_up": False,
    "scheduler": False,  # the supervisor's sweep is finer
    "log_level": "WARNING",
    "ALT_CLUSTERS": {shard: {} for shard in SHARDS},
}

GIT_CACHE_DIR = env.str("KARGO_GIT_CACHE_DIR", default=str(VAR_DIR / "git"))
WORK_DIR = env.str("KARGO_WORK_DIR", default=str(VAR_DIR / "work"))
GIT_ALLOW_LOCAL = env.bool("KARGO_GIT_ALLOW_LOCAL", default=False)
"""Whether repositories may be local paths or ``file://``; for demonstrations and tests."""
GIT_CACHE_BYTES = env.int("KARGO_GIT_CACHE_BYTES", default=50 * 1024**3)
"""Room for all mirrors of this host; those that nobody has read for longest go first."""
GIT_MIRROR_BYTES = env.int("KARGO_GIT_MIRROR_BYTES", default=10 * 1024**3)
"""Largest repository that is mirrored at all."""
GIT_CACHE_DAYS = env.float("KARGO_GIT_CACHE_DAYS", default=14.0)
"""How long a mirror is kept that nobody reads."""
GIT_HOST_CONCURRENCY = env.int("KARGO_GIT_HOST_CONCURRENCY", default=8)
"""How many Git processes of this machine may talk to one host at once."""
GIT_TRANSFER_SECONDS = env.float("KARGO_GIT_TRANSFER_SECONDS", default=900.0)
"""Longest that one fetch or push may take."""
GIT_STALL_SECONDS = env.float("KARGO_GIT_STALL_SECONDS", default=30.0)
"""How long a transfer may stand still."""
GIT_MEMORY_BYTES = env.int("KARGO_GIT_MEMORY_BYTES", default=4 * 1024**3)
"""Most memory that one Git process may have."""
GIT_TREE_BYTES = env.int("KARGO_GIT_TREE_BYTES", default=4 * 1024**3)
"""Most that one checkout of a promotion may write."""
GIT_WARM_TREES = env.int("KARGO_GIT_WARM_TREES", default=4)
"""How many work trees of one repository are kept for the next promotion; 0 for none."""
GIT_WARM_BYTES = env.int("KARGO_GIT_WARM_BYTES", default=20 * 1024**3)
"""Room for all work trees that are kept."""
GIT_WARM_DAYS = env.float("KARGO_GIT_WARM_DAYS", default=3.0)
"""How long a work tree is kept that no promotion takes."""
GIT_PUSH_INTEGRATION_POLICY = env.str("GIT_PUSH_INTEGRATION_POLICY", default="RebaseOrMerge")
GIT_PROVIDER_API_URLS = env.dict("KARGO_GIT_PROVIDER_API_URLS", default={})
"""Where the APIs of public Git services are, by provider, if not where their makers have them."""
GITHUB_PUSH_MAX_REVISIONS = env.int("GITHUB_PUSH_MAX_REVISIONS", default=10)
"""Most commits that one github-push makes again through GitHub's API."""
GITHUB_PUSH_VERIFY_UNTRUSTED_COMMITS = env.bool(
    "GITHUB_PUSH_VERIFY_UNTRUSTED_COMMITS", default=False
)
"""Whether github-push lets GitHub sign also what no trusted key has signed."""
ALLOW_CREDENTIALS_OVER_HTTP = env.bool("ALLOW_CREDENTIALS_OVER_HTTP", default=False)
INSECURE_REGISTRIES = env.list("KARGO_INSECURE_REGISTRIES", default=[])
"""Registry hosts (``host:port``) that are spoken to over plain HTTP."""
MAX_OCI_PUSH_ARTIFACT_SIZE = env.int("MAX_OCI_PUSH_ARTIFACT_SIZE", default=1024**3)
"""The most bytes that oci-push copies to another repository; 0 forbids it, -1 is no limit."""
EGRESS_ALLOWED_HOSTS = env.list("KARGO_EGRESS_ALLOWED_HOSTS", default=[])
"""Hosts, addresses or networks that outbound HTTP and Git may reach although they are loopback
or link-local."""
EGRESS_DENY_PRIVATE = env.bool("KARGO_EGRESS_DENY_PRIVATE", default=False)
MIN_WAREHOUSE_INTERVAL_SECONDS = env.int("KARGO_MIN_WAREHOUSE_INTERVAL_SECONDS", default=0)
MAX_CONCURRENT_PER_TENANT = env.int("KARGO_MAX_CONCURRENT_PER_TENANT", default=0)
"""How many passes one tenant may have running at once; 0 is no limit."""
SLACK_API_URL = env.str("KARGO_SLACK_API_URL", default="https://slack.com/api")
"""Where Slack's Web API is; GovSlack has another."""
PREVIEW_WAIT_SECONDS = env.float("KARGO_PREVIEW_WAIT_SECONDS", default=20.0)
"""How long a request for a preview waits for it before it says where to look."""
LEASE_SECONDS = env.float("KARGO_LEASE_SECONDS", default=15.0)
"""How long a dead worker's object waits before another takes it; live workers renew."""
WORK_BUDGET_SECONDS = env.float("KARGO_WORK_BUDGET_SECONDS", default=20.0)
"""How long a worker goes from one due object to the next before it lets django-q2 look at it."""
RECONCILERS = env.str("KARGO_RECONCILERS", default="promotions.wiring.reconcilers")
"""Dotted path of what makes the reconcilers; a seam for tests of real worker processes."""
WORKER_STOP_SECONDS = env.float("KARGO_WORKER_STOP_SECONDS", default=30.0)
"""How long passes may take to end when a worker is told to stop."""
WORKER_STALE_SECONDS = env.float("KARGO_WORKER_STALE_SECONDS", default=60.0)
"""How long a cluster may show no progress, although it is rung, before it is restarted."""
WORKER_HEARTBEAT_FD = env.int("KARGO_WORKER_HEARTBEAT_FD", default=-1)
"""Set by the supervisor for its cluster: the open file that shows progress."""
WORKER_SUPERVISOR_PID = env.int("KARGO_WORKER_SUPERVISOR_PID", default=0)
"""Set by the supervisor for its cluster: with which process it must die."""
