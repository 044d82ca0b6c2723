"""Readiness, one strategy a file. Each has a name, and says what it last saw."""

from harness.probe.base import Probe, Sighting
from harness.probe.health import HealthProbe
from harness.probe.tcp import TcpProbe

__all__ = ["HealthProbe", "Probe", "Sighting", "TcpProbe"]
