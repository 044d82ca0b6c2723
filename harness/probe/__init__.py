"""Readiness, one strategy a file. Each has a name, and says what it last saw."""

from harness.probe.base import Probe, Sighting
from harness.probe.exec import ExecProbe
from harness.probe.health import HealthProbe
from harness.probe.http import HttpProbe
from harness.probe.log import LogProbe
from harness.probe.ports import PortsProbe
from harness.probe.tcp import TcpProbe

__all__ = [
    "ExecProbe",
    "HealthProbe",
    "HttpProbe",
    "LogProbe",
    "PortsProbe",
    "Probe",
    "Sighting",
    "TcpProbe",
]
