"""The engine goes away under the reaper: it waits, and does its work when the engine is back."""

from __future__ import annotations

import os
import signal

from ..eventually import eventually
from .own_engine import OwnEngine
from .steps import IN_THE_TEST
from .victim import Victim


def test_the_engine_restarts_before_the_reaper_could_remove_anything(
    victim: Victim, own_engine: OwnEngine
) -> None:
    victim.on(own_engine)
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        assert len(victim.things()) == 4
        own_engine.kill()  # its containers go on
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        eventually(lambda: "Unavailable" in victim.reapers_log())
    own_engine.start()
    victim.nothing_left()
