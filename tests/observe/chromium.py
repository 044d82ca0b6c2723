"""The browser of this machine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def launch(playwright: Playwright) -> Browser:
    """Start Chromium, without a window. It is a context, which ends it.

    Raises:
        AssertionError: There is none.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    assert found, f"none of {', '.join(_NAMES)} is on PATH: run `make browser`"
    return playwright.chromium.launch(executable_path=found, args=_FLAGS.split())
