"""However pytest itself ends a run, it removes what it has made, and leaves it to nobody else."""

from __future__ import annotations

import pytest

from .victim import Victim

FAILING_START = """\
services:
  database: {image: "debian:bookworm-slim", command: [sleep, infinity], volumes: ["data:/data"]}
  app: {image: "debian:bookworm-slim", command: ["false"], depends_on: [database]}
volumes: {data: {}}
"""
ENDINGS = {
    "a failing test": (1, "@pytest.mark.app\ndef test(): assert 0\n", ()),
    "-x": (
        1,
        "@pytest.mark.app\ndef test(): assert 0\n@pytest.mark.app\ndef test_b(): 0\n",
        ("-x",),
    ),
    "--maxfail": (
        1,
        "@pytest.mark.app\n@pytest.mark.parametrize('n', [1, 2, 3])\ndef test(n): assert 0\n",
        ("--maxfail=2",),
    ),
    "pytest.exit": (5, "@pytest.mark.app\ndef test(): pytest.exit('enough', 5)\n", ()),
    "sys.exit": (1, "import sys\n@pytest.mark.app\ndef test(): sys.exit(3)\n", ()),
    "a failing fixture": (
        1,
        "@pytest.fixture\ndef broken(app): raise OSError\ndef test(broken): pass\n",
        (),
    ),
    "a failing end of a fixture": (
        1,
        "@pytest.fixture\ndef broken(app):\n    yield\n    raise OSError\ndef test(broken): pass\n",
        (),
    ),
    "a failing session fixture": (
        1,
        "@pytest.fixture(scope='session')\ndef broken(app):\n    yield\n    raise OSError\n"
        "def test(broken): pass\n",
        (),
    ),
    "an internal error": (3, "@pytest.mark.app\ndef test(): pass\n", ("-p", "breaks")),
    "an error of pytest's own end": (
        3,
        "@pytest.mark.app\ndef test(): pass\n",
        ("-p", "ends_badly"),
    ),
}
BREAKS = """\
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(call):
    if call.when == "call": raise OSError("an error of a plugin")
"""
ENDS_BADLY = """\
def pytest_runtest_logfinish():
    raise OSError("an error of a plugin")
"""


@pytest.mark.parametrize("xdist", [(), ("-n2",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left(victim: Victim, ending: str, xdist: tuple[str, ...]) -> None:
    code, tests, args = ENDINGS[ending]
    victim.write("test_it.py", f"import pytest\n{tests}")
    victim.write("breaks.py", BREAKS)
    victim.write("ends_badly.py", ENDS_BADLY)
    ended = victim.run(
        *args, *xdist, PYTHONPATH=f"{victim.environment['PYTHONPATH']}:{victim.root}"
    )
    assert victim.things() == []
    assert victim.records() == []
    assert xdist or ended == code, victim.output  # of a worker, xdist tells its own
    victim.nothing_left()


def test_a_start_that_fails_leaves_nothing(victim: Victim) -> None:
    victim.write("compose/app.yml", FAILING_START)
    assert victim.run() == 1, victim.output
    assert victim.things() == []
    assert victim.records() == []
    victim.nothing_left()
