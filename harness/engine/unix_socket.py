"""The local engine's socket, for the SDK.

The SDK's own connections leave a socket open that could not connect. It is closed by the garbage
collector, with a ``ResourceWarning``: where warnings are errors, some later test would fail of it.
"""

from __future__ import annotations

import socket
from typing import Any

from docker.transport.unixconn import (
    UnixHTTPAdapter,
    UnixHTTPConnection,
    UnixHTTPConnectionPool,
)


class SocketAdapter(UnixHTTPAdapter):
    """Sends requests over a unix socket."""

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        """Return the pool of connections to the socket."""
        with self.pools.lock:
            pool = self.pools.get(url)
            if pool is None:
                pool = _Pool(url, self.socket_path, self.timeout, maxsize=self.max_pool_size)
                self.pools[url] = pool
        return pool


class _Pool(UnixHTTPConnectionPool):
    timeout: Any

    def _new_conn(self) -> Any:
        return _Connection(self.base_url, self.socket_path, self.timeout)


class _Connection(UnixHTTPConnection):
    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.timeout)
            sock.connect(self.unix_socket)
        except BaseException:
            sock.close()
            raise
        self.sock = sock
