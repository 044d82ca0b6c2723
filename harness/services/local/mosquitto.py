"""Mosquitto as a process: open to everybody on this machine, its sessions in memory."""

from __future__ import annotations

from harness.services.local.base import Asked, Launch, installed

_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
log_dest stdout
"""


_FOLDERS = ["/usr/sbin", "/usr/local/sbin"]


class Mosquitto:
    """Debian's ``mosquitto``. Run by root it takes an account of its own."""

    name = "mosquitto"
    port = 1883
    signal = ""
    check = ()

    def launch(self, asked: Asked) -> Launch:
        """Write its configuration, and say what to start."""
        program = installed("mosquitto", _FOLDERS, "mosquitto", asked.called)
        asked.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = asked.data / "mosquitto.conf"
        file.write_text(_CONFIGURATION.format(port=asked.port))
        return Launch([program, "-c", str(file)])
