"""Redis as a process: without persistence, as tests want it."""

from __future__ import annotations

from harness.services.local.base import Asked, Launch, installed

_FOLDERS = ["/usr/bin", "/usr/local/bin"]


class Redis:
    """Debian's ``redis-server``; nothing of it outlives it."""

    name = "redis"
    port = 6379
    signal = ""
    check = ()

    def launch(self, asked: Asked) -> Launch:
        """Say what to start."""
        program = installed("redis-server", _FOLDERS, "redis-server", asked.called)
        asked.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "--port": str(asked.port),
            "--bind": "127.0.0.1",
            "--dir": str(asked.data),
            "--save": "",
            "--appendonly": "no",
        }
        return Launch([program, *(word for pair in settings.items() for word in pair)])
