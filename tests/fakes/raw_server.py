"""A server that sends given bytes, sense or nonsense, and hangs up."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def raw_server(*pieces: bytes, pause_seconds: float = 0.0) -> Iterator[str]:
    """Answer one request on loopback with these bytes; gives ``127.0.0.1:port``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for piece in pieces:
                    try:
                        connection.sendall(piece)
                    except OSError:
                        return
                    time.sleep(pause_seconds)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)
