"""Whatever ends a run, at whatever step: nothing of it is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from harness.lease.labels import OWNER
from tests.eventually import eventually

from .steps import IN_THE_TEST, STEPS
from .victim import Victim

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
EXIT_CODES = {
    signal.SIGKILL: -signal.SIGKILL,
    signal.SIGTERM: 128 + signal.SIGTERM,
    signal.SIGHUP: 128 + signal.SIGHUP,
    signal.SIGINT: int(pytest.ExitCode.INTERRUPTED),
}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
@pytest.mark.parametrize("step", STEPS)
def test_pytest_is_killed(victim: Victim, step: str, number: signal.Signals) -> None:
    with victim.running(step=step) as process:
        assert victim.reached() == process.pid
        os.kill(process.pid, number)
        victim.go()
        assert process.wait(timeout=60) == EXIT_CODES[number], victim.output
    assert "Traceback" not in victim.output
    assert "INTERNALERROR" not in victim.output
    if (step, number) == ("before the reaper answers", signal.SIGKILL):
        assert not victim.engine.things(victim.labels)
        assert victim.run() == 0, victim.output  # which finds the record, and nothing else
    victim.nothing_left()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
@pytest.mark.parametrize("step", ["between create and start", IN_THE_TEST])
def test_the_controller_is_killed(victim: Victim, step: str, number: signal.Signals) -> None:
    with victim.running("-n2", step=step) as process:
        worker = victim.reached()
        assert worker != process.pid
        os.kill(process.pid, number)
        victim.go()
        assert process.wait(timeout=60) == EXIT_CODES[number], victim.output
    victim.nothing_left()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda n: n.name)
@pytest.mark.parametrize("step", ["between create and start", IN_THE_TEST])
def test_a_worker_is_killed(victim: Victim, step: str, number: signal.Signals) -> None:
    (victim.root / "hold").touch()
    with victim.running("-n2", step=step) as process:
        worker = victim.reached()
        os.kill(worker, number)
        victim.go()
        eventually(lambda: victim.of_process(worker), lambda left: not left)
        (victim.root / "hold").unlink()
        assert process.wait(timeout=60) > 0, victim.output
    victim.nothing_left()


def test_tests_that_forked_hold_nothing(victim: Victim) -> None:
    (victim.root / "hold").touch()
    with victim.running(FORKS="1") as process:
        child = int(eventually(lambda: (victim.root / "child").read_text()))
        os.kill(process.pid, signal.SIGKILL)
        eventually(lambda: victim.engine.things(victim.labels), lambda left: not left)
        assert psutil.pid_exists(child)
        os.kill(child, signal.SIGKILL)
    victim.nothing_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
def test_a_signal_to_a_child_that_a_test_forked_is_the_childs_own(
    victim: Victim, number: signal.Signals
) -> None:
    victim.write(
        "test_it.py",
        f"""
import os, signal, time, pytest
@pytest.mark.app
def test_forks(app):
    if (pid := os.fork()) == 0:
        time.sleep(60)
        os._exit(0)
    os.kill(pid, {int(number)})
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == {int(number)}
    assert app.container.exec(["true"]).exit_code == 0
""",
    )
    victim.run()
    assert "1 passed" in victim.output, victim.output
    assert "something could not be removed" not in victim.output
    victim.nothing_left()


@pytest.mark.parametrize("isolation", ["fresh", "shared"])
def test_a_child_that_comes_back_to_pytest_touches_nothing_of_its_parents(
    victim: Victim, isolation: str
) -> None:
    victim.write(
        "test_it.py",
        """
import os, pytest
@pytest.mark.app
def test_forks(app):
    if (pid := os.fork()) == 0:
        raise SystemExit(3)  # instead of os._exit(): it goes on with the tests as well
    os.waitpid(pid, 0)
    assert app.container.exec(["true"]).exit_code == 0
@pytest.mark.app
def test_next(app):
    assert app.container.exec(["true"]).exit_code == 0
""",
    )
    assert victim.run(f"--harness-isolation={isolation}") == 0, victim.output
    assert "wanted services for test_it.py::test_next in process" in victim.output
    assert "Have the child end by os._exit()" in victim.output
    assert "1 failed, 1 error" in victim.output  # in the child
    assert "2 passed" in victim.output
    victim.nothing_left()


def test_a_signal_that_a_test_swallows_is_not_the_last_one(victim: Victim) -> None:
    victim.write(
        "test_it.py",
        """
import os, time, pytest
from pathlib import Path
folder = Path(os.environ["TESTS_FAULTS_FOLDER"])
@pytest.mark.app
def test_swallows():
    for name in ("first", "second"):
        try:
            (folder / name).touch()
            time.sleep(60)
        except BaseException:
            if name == "second":
                raise
""",
    )
    with victim.running() as process:
        eventually(lambda: (victim.root / "first").stat())
        os.kill(process.pid, signal.SIGTERM)
        eventually(lambda: (victim.root / "second").stat())

        def ends() -> bool:
            os.kill(process.pid, signal.SIGTERM)  # soon after the first it is the same wish
            return process.poll() is not None

        eventually(ends)
        # the last of them may have come when pytest had done all that there was to do
        assert process.wait(timeout=60) in {128 + signal.SIGTERM, -signal.SIGTERM}, victim.output
    assert victim.things() == []
    victim.nothing_left()


def test_a_dead_worker_whose_things_cannot_go_does_not_blind_the_reaper(victim: Victim) -> None:
    (victim.root / "hold").touch()
    client = victim.engine.client
    with victim.running("-n2", step=IN_THE_TEST) as process:
        worker = victim.reached()
        its_own = victim.engine.things({**victim.labels, OWNER: str(worker)})
        network = next(t for t in its_own if t.kind == "network")
        config = client.create_host_config(network_mode=network.id)
        other = client.create_container("debian:bookworm-slim", ["sleep", "60"], host_config=config)
        try:
            client.start(other["Id"])
            os.kill(worker, signal.SIGKILL)
            eventually(lambda: "has active endpoints" in victim.reapers_log(), timeout=90)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            eventually(victim.things, lambda left: left == [f"network {network.name}"])
        finally:
            client.remove_container(other["Id"], force=True)
    victim.nothing_left()


def test_a_test_ends_the_process(victim: Victim) -> None:
    assert victim.run(EXITS="1") == 7
    victim.nothing_left()


def test_a_run_that_stands_in_a_debugger_keeps_its_stack(victim: Victim) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        stack = victim.left()
        os.kill(process.pid, signal.SIGSTOP)
        eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
        reaper = psutil.Process(victim.reaper())
        looks = reaper.num_ctx_switches().voluntary
        eventually(lambda: reaper.num_ctx_switches().voluntary, lambda now: now > looks + 8)
        assert victim.left() == stack
        os.kill(process.pid, signal.SIGCONT)
        victim.go()
        assert process.wait(timeout=60) == 0, victim.output
    victim.nothing_left()


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_a_second_signal_does_not_hang_the_end(
    victim: Victim, first: signal.Signals, second: signal.Signals
) -> None:
    with victim.running(step="in teardown") as process:
        victim.reached()
        os.kill(process.pid, first)
        eventually(lambda: psutil.Process(process.pid).num_threads() > 0)
        os.kill(process.pid, second)
        victim.go()
        assert process.wait(timeout=60) > 0, victim.output
    victim.nothing_left()


def test_what_comes_about_after_a_second_signal_goes_as_well(victim: Victim) -> None:
    """It ends the wait for what a thread has begun: here that makes a volume yet."""
    victim.write(
        "conftest.py",
        f"""
import pathlib, pytest
from harness.stack import creator
root, begun = pathlib.Path({str(victim.root)!r}), []
class Pool(creator.ThreadPoolExecutor):
    def submit(self, call):
        begun.append(super().submit(call))
        return begun[-1]
    def __exit__(self, *error):
        (root / "waits").touch()
        return super().__exit__(*error)
creator.ThreadPoolExecutor = Pool
@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    (root / "ended").touch()
    for future in begun:
        future.exception()
""",
    )
    with victim.running(step="after the network") as process:
        victim.reached()
        for sign in (victim.root / "waits", victim.root / "ended"):
            os.kill(process.pid, signal.SIGINT)
            eventually(sign.stat)
        assert victim.things() == []
        victim.go()
        assert process.wait(timeout=60) == pytest.ExitCode.INTERRUPTED, victim.output
    victim.nothing_left()


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name
)
def test_the_reaper_outlives_what_a_terminal_sends(victim: Victim, number: signal.Signals) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        reaper = victim.reaper()
        os.kill(reaper, number)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    victim.nothing_left()


def test_the_reaper_has_a_session_of_its_own_and_no_parent_here(victim: Victim) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        reaper = victim.reaper()
        assert os.getsid(reaper) not in {os.getsid(process.pid), os.getsid(0)}
        assert reaper not in [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
        assert Path(f"/proc/{reaper}/cwd").readlink() == Path("/")
        victim.go()
        process.wait(timeout=60)
    victim.nothing_left()


def test_the_reaper_is_killed_and_then_pytest(victim: Victim) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        os.kill(victim.reaper(), signal.SIGKILL)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert victim.engine.things(victim.labels)
    assert victim.run() == 0, victim.output
    assert "removing what an earlier run left: 2 containers, 1 network, 1 volume" in victim.output
    victim.nothing_left()


def test_the_reaper_is_killed_while_it_removes(victim: Victim) -> None:
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        reaper = victim.reaper()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        eventually(lambda: "DockerEngine" in victim.output or len(victim.left()) < 6)
        os.kill(reaper, signal.SIGKILL)
    assert victim.run() == 0, victim.output
    victim.nothing_left()


def test_a_reaper_that_was_killed_is_replaced_before_the_next_stack(victim: Victim) -> None:
    (victim.root / "hold").touch()
    with victim.running(step=IN_THE_TEST) as process:
        victim.reached()
        first = victim.reaper()
        os.kill(first, signal.SIGKILL)
        victim.go()
        eventually(victim.reaper, lambda pid: pid != first)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    victim.nothing_left()
