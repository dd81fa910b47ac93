"""Four threads add to one audit chain: ``python -m tests.functional.rbac.audit_writers 25``."""

import sys
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402 - Django first

from common.clock import now  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from rbac.audit import PLATFORM, Act, record  # noqa: E402

THREADS = 4


def write(count: int) -> None:
    for number in range(count):
        act = Act(action="test.write", kind="Test", tenant_uid=PLATFORM, object_name=str(number))
        record(act, actor=operator_at_console("tests"), at=now())
    connection.close()


if __name__ == "__main__":
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, [int(sys.argv[1])] * THREADS))
