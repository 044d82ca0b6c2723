"""Several ports answer, all probed at the same time, and then a check passes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.probe.base import Sighting
from harness.probe.exec import ExecProbe
from harness.probe.tcp import TcpProbe


class PortsProbe:
    """Waits for ports, and for a check of what listens there.

    A check that passed before the ports answered means nothing: a database image's first start
    runs a temporary server that its own health check likes, and that listens on no port. So the
    check begins once every port has accepted a connection, and counts if they all held it. It
    runs while the connections are still watched, which saves the time that this takes.
    """

    def __init__(self, ports: Sequence[TcpProbe], check: ExecProbe | None = None) -> None:
        self._missing = tuple(ports)
        self._check = check
        self._ahead = check  # what may still begin ahead of time

    @property
    def name(self) -> str:
        """What is probed: the ports that did not answer yet, then the check."""
        if self._check and not self._missing:
            return self._check.name
        return " and ".join(port.name for port in self._missing)

    def look(self) -> Sighting:
        """Connect to the ports that did not answer yet; then run the check."""
        if self._missing:
            seen = self._connect()
            still = [port for port, sighting in seen if not sighting.ready]
            if still:
                if self._check:
                    self._check.abandon()
                self._missing = tuple(still)
                saw = dict.fromkeys(s.saw for _, s in seen if not s.ready)
                return Sighting(False, "; ".join(saw))
            if not self._check:
                return seen[0][1]
            self._missing = ()
        return self._check.look() if self._check else Sighting(True, "connection held")

    def _connect(self) -> list[tuple[TcpProbe, Sighting]]:
        accepted = itertools.count(1)

        def likely() -> None:
            if next(accepted) == len(self._missing) and self._ahead:
                self._ahead.begin()
                self._ahead = None  # once: where the connection is not held, each try is in vain

        if len(self._missing) == 1:
            return [(port, port.look(likely)) for port in self._missing]
        with ThreadPoolExecutor(len(self._missing)) as pool:
            seen = pool.map(lambda port: port.look(likely), self._missing)
            return list(zip(self._missing, seen, strict=True))
