"""Makes the pictures of the documentation from real runs of the example: `make pictures`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, sync_playwright

from tests.observe.chromium import launch
from tests.observe.terminal.screen import Terminal, in_terminal

if TYPE_CHECKING:
    from pyte.screens import Char

HERE = Path(__file__).parent
# what goes wrong in the pictures: a cache that is not there takes the orders with it
FAILS = '''
"""The shop without its cache."""

from .services import Catalog, Orders, Redis


def test_orders_are_taken_without_the_cache(catalog: Catalog, orders: Orders, redis: Redis) -> None:
    catalog.save("tea", price=450)
    redis.container.exec(["redis-cli", "shutdown", "nosave"])
    assert orders.place("tea").status == 201
'''
SOME = ("tests/integration/test_cache.py", "tests/integration/test_level3_nothing.py")
COLUMNS = 132
COLOURS = {"red": "#f47067", "green": "#57ab5a", "brown": "#daaa3f", "blue": "#6cb6ff"}
STYLE = """
pre { margin: 0; padding: 18px 22px; width: max-content; background: #1c2128; color: #cdd9e5;
      font: 13px/1.45 "DejaVu Sans Mono", monospace }
"""


def main() -> None:
    """Run the example, and look at it."""
    with sync_playwright() as playwright, launch(playwright) as browser, _shop() as shop:
        with in_terminal(shop, "-p", "no:cacheprovider", *SOME, columns=COLUMNS) as terminal:
            terminal.shows(": waiting for", "last: ")
            _draw(browser, terminal, HERE / "terminal-live.png")
            terminal.end()
            _draw(browser, terminal, HERE / "terminal.png")
        _run(shop, "-n", "2", "--harness-report=report", "tests/integration")
        with browser.new_page(viewport={"width": 1200, "height": 1290}) as page:
            page.goto((shop / "report" / "index.html").as_uri())
            page.screenshot(path=HERE / "report.png")


@contextmanager
def _shop() -> Iterator[Path]:
    """Yield a copy of what git has of this checkout, staged or committed, in which a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        subprocess.run(
            ["git", "checkout-index", "--all", f"--prefix={shop}/"], cwd=HERE.parent, check=True
        )
        (shop / "tests" / "integration" / "test_cache.py").write_text(FAILS.lstrip())
        yield shop


def _run(shop: Path, *args: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pytest", *args], cwd=shop, check=False)
    assert done.returncode == 1, "exactly what is to fail"


def _draw(browser: Browser, terminal: Terminal, picture: Path) -> None:
    """Draw what a terminal shows."""
    text = "\n".join(map(_line, terminal.rows)).rstrip()
    with browser.new_page() as page:
        page.set_content(f"<style>{STYLE}</style><pre>{text}</pre>")
        page.locator("pre").screenshot(path=picture)


def _line(row: list[Char]) -> str:
    runs = groupby(row, lambda cell: (cell.fg, cell.bold))
    return "".join(_run_of("".join(c.data for c in cells), *how) for how, cells in runs).rstrip()


def _run_of(text: str, colour: str, bold: bool) -> str:
    style = f"color: {COLOURS.get(colour, 'inherit')}; font-weight: {600 if bold else 400}"
    return f'<span style="{style}">{escape(text)}</span>' if text.strip() else text


if __name__ == "__main__":
    main()
