"""Level 3: nothing to write; every service has a fixture of its own name."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING
from urllib.request import urlopen

if TYPE_CHECKING:
    import harness

CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test"  # MQTT 3.1.1, clean session
ACCEPTED = b"\x20\x02\x00\x00"


def test_service2_answers(service2: harness.Service) -> None:
    with urlopen(f"http://{service2.host}:{service2.port}/", timeout=10) as answer:
        assert json.load(answer)["service"] == "service2"


def test_the_broker_accepts_a_client(broker: harness.Service) -> None:
    with socket.create_connection((broker.host, broker.port), timeout=10) as connection:
        connection.sendall(CONNECT)
        assert connection.recv(len(ACCEPTED), socket.MSG_WAITALL) == ACCEPTED
