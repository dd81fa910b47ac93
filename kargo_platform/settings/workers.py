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
GIT_PUSH_INTEGRATION_POLICY = env.str("GIT_PUSH_INTEGRATION_POLICY", default="RebaseOrMerge")
ALLOW_CREDENTIALS_OVER_HTTP = env.bool("ALLOW_CREDENTIALS_OVER_HTTP", default=False)
INSECURE_REGISTRIES = env.list("KARGO_INSECURE_REGISTRIES", default=[])
"""Registry hosts (``host:port``) that are spoken to over plain HTTP."""
EGRESS_ALLOWED_HOSTS = env.list("KARGO_EGRESS_ALLOWED_HOSTS", default=[])
"""Hosts, addresses or networks that outbound HTTP may reach although they are loopback or
link-local."""
EGRESS_DENY_PRIVATE = env.bool("KARGO_EGRESS_DENY_PRIVATE", default=False)
MIN_WAREHOUSE_INTERVAL_SECONDS = env.int("KARGO_MIN_WAREHOUSE_INTERVAL_SECONDS", default=0)
MAX_CONCURRENT_PER_TENANT = env.int("KARGO_MAX_CONCURRENT_PER_TENANT", default=0)
"""How many passes one tenant may have running at once; 0 is no limit."""
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
