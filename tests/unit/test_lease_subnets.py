from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path

import pytest

from harness.lease.subnets import RANGES, SubnetClaims, prefix_for, routes

SMALL = IPv4Network("10.9.8.0/26")

# Claims a subnet of a range of one, says which, and holds it until its input is closed.
OTHER = """
import sys
from ipaddress import IPv4Network
from pathlib import Path
from harness.lease.subnets import SubnetClaims

claims = SubnetClaims([IPv4Network(sys.argv[2])], list, Path(sys.argv[1]))
print(claims.claim("other", {"net": 1}).get("net"), flush=True)
sys.stdin.read()
"""


def claims(folder: Path, *ranges: IPv4Network, taken: tuple[str, ...] = ()) -> SubnetClaims:
    return SubnetClaims(
        ranges or (SMALL,), lambda: [IPv4Network(subnet) for subnet in taken], folder
    )


@pytest.mark.parametrize(
    ("containers", "prefix"), [(0, 28), (13, 28), (14, 27), (29, 27), (30, 26), (253, 24)]
)
def test_a_subnet_is_as_small_as_its_containers_allow(containers: int, prefix: int) -> None:
    assert prefix_for(containers) == prefix
    assert IPv4Network((0, prefix)).num_addresses - 3 >= containers


def test_no_two_overlap_and_all_are_of_the_ranges(tmp_path: Path) -> None:
    made = claims(tmp_path, *RANGES)
    sizes = {f"net{n}": n for n in range(40)}
    subnets = [IPv4Network(s) for s in made.claim("stack", sizes).values()]
    assert len(subnets) == 40
    assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))
    assert all(any(s.subnet_of(r) for r in RANGES) for s in subnets)
    made.close()


def test_a_stack_keeps_what_it_has_until_it_is_gone(tmp_path: Path) -> None:
    made = claims(tmp_path)
    first = made.claim("stack", {"a": 40})
    assert made.claim("stack", {"a": 40}) == first == {"a": str(SMALL)}
    assert made.claim("other", {"a": 1}) == {}
    made.release("stack")
    assert made.claim("third", {"a": 40}) == first
    made.close()


def test_what_is_used_up_is_left_to_the_engine_and_stays_so(tmp_path: Path) -> None:
    made = claims(tmp_path)
    assert len(made.claim("stack", {f"net{n}": 1 for n in range(9)})) == 4
    made.release("stack")
    made.claim("stack", {"all": 40})
    assert made.claim("late", {"net": 1}) == {}
    made.release("stack")
    assert made.claim("late", {"net": 1}) == {}
    assert made.claim("later", {"net": 1}) != {}
    made.close()


def test_what_somebody_uses_is_passed_over(tmp_path: Path) -> None:
    made = claims(tmp_path, taken=("10.9.8.0/27", "10.9.8.48/30", "172.17.0.0/16"))
    assert made.claim("stack", {"net": 1}) == {"net": "10.9.8.32/28"}
    assert made.claim("stack", {"more": 1}) == {}
    made.close()


def test_a_range_that_is_covered_gives_way_to_the_next(tmp_path: Path) -> None:
    made = claims(tmp_path, *RANGES, taken=("10.0.0.0/8",))
    subnet = IPv4Network(made.claim("stack", {"net": 1})["net"])
    assert subnet.subnet_of(RANGES[1])
    made.close()


def test_another_takes_the_place_of_one_that_was_refused(tmp_path: Path) -> None:
    made = claims(tmp_path)
    first = made.claim("stack", {"net": 20})["net"]
    second = made.instead("stack", "net")
    assert second != first
    assert made.of("stack", "net") == second
    assert made.claim("stack", {"net": 20}) == {"net": second}
    assert made.instead("stack", "net") is None
    assert made.claim("stack", {"net": 20}) == {}
    made.close()


def test_without_ranges_the_engine_chooses(tmp_path: Path) -> None:
    made = SubnetClaims((), list, tmp_path)
    assert made.claim("stack", {"net": 1}) == {}
    made.release("stack")
    made.close()


def test_what_another_process_claimed_is_passed_over(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path), "10.9.8.16/28"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "10.9.8.16/28"
        made = claims(tmp_path)
        assert made.claim("stack", {"net": 40}) == {}
        found = made.claim("stack", {"a": 1, "b": 1, "c": 1, "d": 1})
        assert sorted(found.values()) == ["10.9.8.0/28", "10.9.8.32/28", "10.9.8.48/28"]
        other.kill()
    # the kernel gave it back
    assert made.claim("late", {"net": 1}) == {"net": "10.9.8.16/28"}
    made.close()


def test_routes_are_read_without_the_default_route() -> None:
    table = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
    assert routes(table) == [IPv4Network("172.17.0.0/16"), IPv4Network("192.0.2.0/24")]
