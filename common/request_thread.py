"""Frees what Django keeps for a request while its answer is streamed for hours.

Under ASGI a request has a thread for synchronous code, and that thread a database connection,
until its answer has ended.
"""

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections


async def let_go_of_thread() -> None:
    """Close the request's database connections and end its thread; a new one starts if needed.

    Call it at the start of a stream that uses neither. It does nothing where the thread is not
    the request's own, as in tests.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is None:
        return
    await sync_to_async(_close_connections)()
    executor = SyncToAsync.context_to_thread_executor.pop(context, None)
    if executor is not None:
        executor.shutdown(wait=False)


def _close_connections() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
