"""What the user chose to swap, and whether it goes together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.errors import SettingError
from harness.plan.addresses import SCHEMES, Address
from harness.plan.swaps import How, Swaps

if TYPE_CHECKING:
    from harness.settings import Settings


def swaps_of(settings: Settings) -> Swaps:
    """Return what the settings say.

    Raises:
        SettingError: An address makes no sense.
    """
    return Swaps(
        {
            **dict.fromkeys(settings.local, How.LOCAL),
            **dict.fromkeys(settings.remote, How.REMOTE),
            **dict.fromkeys(settings.attach, How.ATTACH),
        },
        {name: parse_place(text, name) for name, text in settings.remote.items()},
    )


def check_settings(
    settings: Settings, where: Mapping[str, str], *, distributed: bool, ci: str
) -> None:
    """Check that what was chosen goes together.

    Args:
        settings: All settings.
        where: The words for where each was set.
        distributed: Whether workers of xdist run the tests.
        ci: The variable by which a CI makes itself known, if one does.

    Raises:
        SettingError: It does not.
    """
    chosen = {how: {*getattr(settings, how.value)} for how in How}
    for one, other in ((How.LOCAL, How.REMOTE), (How.LOCAL, How.ATTACH), (How.REMOTE, How.ATTACH)):
        for name in sorted(chosen[one] & chosen[other]):
            raise SettingError(
                f"service {name!r} is named by {where[one.value]} and by {where[other.value]}: it "
                f"can run in one way only. Leave one of both out."
            )
    if settings.local and settings.engine == "process":
        raise SettingError(
            f"{where['local']}: every service runs as a process already ({where['engine']} says "
            f"`process`). Leave one of both out: without {where['engine']} the rest runs in "
            f"containers."
        )
    for name in ("keep", "faithful"):
        if getattr(settings, name):
            used = ", ".join(where[how.value] for how in How if chosen[how])
            raise SettingError(
                f"{where[name]} cannot go with {used}: no process outlives its run, and Compose "
                f"starts containers alone. Leave one of both out."
            )
    if settings.attach and distributed:
        raise SettingError(
            f"{where['attach']} cannot go with workers of xdist (-n): your one process would have "
            f"to serve them all, each with services of its own. Run without -n, or with -n 0."
        )
    if settings.attach and ci:
        raise SettingError(
            f"{where['attach']} waits for a process that you start yourself, and shows the values "
            f"of its variables: nobody does that in CI, where logs are kept ({ci} is set). Take "
            f"it out, or unset {ci} at a desk."
        )
    swaps_of(settings)


def parse_place(text: str, name: str) -> Address:
    """Read an address: ``https://staging.example:8443``, or ``staging.example:5432``.

    Raises:
        SettingError: It is none.
    """
    try:
        parts = urlsplit(text if "//" in text else f"//{text}")
        port = parts.port or SCHEMES.get(parts.scheme)
    except ValueError:
        parts, port = urlsplit(""), None
    more = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if not parts.hostname or not port or more:
        raise SettingError(
            f"--harness-remote: {text!r} is not where service {name!r} could be. Write host and "
            f"port, as in {name}=https://staging.example:8443 or {name}=staging.example:5432: no "
            f"path and no login."
        )
    return Address(parts.hostname, port, parts.scheme)
