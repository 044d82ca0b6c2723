"""A report in a real browser: what a user sees, and what it does under his hands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from harness.observe.report.build import report_of
from harness.observe.report.page import html
from tests.observe import synthetic
from tests.observe.chromium import launch

DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright, launch(playwright) as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run of sixty tests on two workers; six failed, three found no service."""
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(html(report_of(synthetic.journal(60, 40))))
    return path


@dataclass
class Opened:
    """An open page, and whatever it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def all(self, selector: str) -> Locator:
        return self.page.locator(selector)

    @property
    def window(self) -> tuple[float, float]:
        """What the timeline shows: from when to when, in milliseconds."""
        start, end = self.page.evaluate("[timeline.from, timeline.to]")
        return start, end

    @property
    def span(self) -> float:
        return self.window[1] - self.window[0]

    def find_bar(self, kind: str) -> tuple[float, float]:
        """Return where the widest bar of a kind is drawn."""
        found = self.page.evaluate(
            """kind => {
                const all = timeline.rows.flatMap((row) => row.bars.map((bar) => ({ row, bar })));
                const those = all.filter(({ bar }) => bar.kind === kind);
                const { row, bar } = those.reduce((one, other) =>
                    other.bar.end - other.bar.begin > one.bar.end - one.bar.begin ? other : one);
                const box = timeline.body.getBoundingClientRect();
                const y = box.top + row.y + row.height / 2;
                return [box.left + xOf((bar.begin + bar.end) / 2), y];
            }""",
            kind,
        )
        return found[0], found[1]


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """A window on a desk."""
    with browser.new_context(viewport=DESK, color_scheme="light") as context:
        yield context


@pytest.fixture
def opened(desk: BrowserContext, report: Path) -> Iterator[Opened]:
    """The report on a desk."""
    with desk.new_page() as page:
        yield _open(page, report)


def _open(page: Page, report: Path) -> Opened:
    opened = Opened(page)
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    page.on("console", lambda message: opened.complaints.append(message.text))
    page.on("request", lambda request: opened.complaints.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-ready]")
    assert opened.complaints == [report.as_uri()]  # nothing was fetched but the page
    return opened


def test_it_says_what_the_run_came_to_and_where_the_time_went(opened: Opened) -> None:
    expect(opened.all(".outcomes")).to_have_text(re.compile(r"6 failed\s+3 error\s+48 passed"))
    expect(opened.all(".shares")).to_contain_text("waiting until services answer")
    waiting = opened.all(".share.waiting").bounding_box()
    whole = opened.all(".minutes").bounding_box()
    assert waiting is not None
    assert whole is not None
    assert waiting["width"] > whole["width"] / 2


def test_the_timeline_has_a_row_for_each_service_of_each_worker(opened: Opened) -> None:
    labels = opened.all("#timeline text.group").all_text_contents()
    assert [label.partition("gw")[2][0] for label in labels] == ["0", "1"]
    rows = opened.page.evaluate("timeline.rows.map((row) => row.label)")
    assert set(rows) >= {"tests", *synthetic.USUAL}
    for kind in ("create", "start", "wait", "up", "use", "stop", "lease", "passed", "failed"):
        assert opened.all(f"#timeline path.bar-{kind}").count() == 1
    opened.all("#timeline text.group").first.click()
    expect(opened.all("#timeline text.group").first).to_contain_text("▸")
    assert len(opened.page.evaluate("timeline.rows")) < len(rows)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("wait", "waited for: "), ("use", "in use: "), ("lease", "waiting for services: ")],
)
def test_a_bar_says_what_it_is_when_it_is_pointed_at(opened: Opened, kind: str, said: str) -> None:
    opened.all("#timeline").scroll_into_view_if_needed()
    opened.page.mouse.move(*opened.find_bar(kind))
    expect(opened.all("#tip")).to_contain_text(said)


def test_a_test_in_the_timeline_opens_where_it_is_told_of(opened: Opened) -> None:
    opened.all("#timeline").scroll_into_view_if_needed()
    opened.page.mouse.click(*opened.find_bar("failed"))
    expect(opened.all(".test.open")).to_be_in_viewport()
    expect(opened.all(".test.open .verdict")).to_contain_text("died (exit 137, out of memory)")


def test_the_timeline_is_zoomed_by_wheel_buttons_and_a_drag(opened: Opened) -> None:
    whole = opened.span
    opened.all("#zoom-in").click()
    assert opened.span == pytest.approx(whole / 2)
    opened.all("#zoom-out").click()
    assert opened.span == whole

    box = opened.all("#timeline").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 60
    opened.page.mouse.move(x, y)
    opened.page.mouse.wheel(0, -200)
    opened.page.wait_for_function("whole => timeline.to - timeline.from < whole", arg=whole)

    opened.all("#zoom-fit").click()
    opened.page.mouse.move(x, y)
    opened.page.mouse.down()
    opened.page.mouse.move(x + 60, y)
    opened.page.mouse.move(x + 120, y)
    opened.page.mouse.up()
    assert opened.span < whole / 5


def test_the_timeline_obeys_keys(opened: Opened) -> None:
    whole = opened.span
    opened.all("#timeline").focus()
    opened.page.keyboard.press("+")
    opened.page.keyboard.press("+")
    assert opened.span == pytest.approx(whole / 4)
    start, _ = opened.window
    opened.page.keyboard.press("Shift+ArrowRight")
    assert opened.window[0] > start
    opened.page.keyboard.press("0")
    assert opened.span == whole

    opened.page.keyboard.press("ArrowRight")
    expect(opened.all("#tip")).to_contain_text("test_case_0")
    opened.page.keyboard.press("Enter")
    expect(opened.all(".test.open")).to_contain_text("test_case_0")
    opened.page.keyboard.press("ArrowDown")
    expect(opened.all("#tip b")).to_have_text(re.compile("|".join(synthetic.USUAL)))


def test_tests_are_filtered_by_outcome_and_by_service(opened: Opened) -> None:
    opened.all("[data-outcome=failed]").click()
    expect(opened.all(".test")).to_have_count(6)
    expect(opened.all("#tests-count")).to_have_text("6 of 60")
    kinds = opened.page.evaluate("timeline.rows.flatMap((row) => row.bars.map((b) => b.kind))")
    assert "failed" in kinds
    assert "passed" not in kinds

    opened.all("#clear").click()
    opened.all("#service-filter").select_option("mailer")
    rows = opened.page.evaluate("timeline.rows.filter((r) => r.service).map((r) => r.service)")
    assert set(rows) == {"mailer"}
    expect(opened.all("#services details:visible")).to_have_count(1)
    shown = opened.page.evaluate(
        "report.tests.filter(shows).every((t) => t.services.has('mailer'))"
    )
    assert shown


def test_a_search_goes_over_tests_services_and_logs(opened: Opened) -> None:
    opened.all("#query").fill("test_case_17")
    expect(opened.all(".test")).to_have_count(1)

    opened.all("#query").fill("could not PARSE")
    expect(opened.all("#hits .line").first).to_contain_text("ERROR could not parse")
    expect(opened.all("#hits mark").first).to_have_text("could not parse")
    expect(opened.all("#hits-count")).to_have_text("60")  # one in each test's log
    opened.all("#hits .in").nth(3).click()
    expect(opened.all(".test.open .line.anomaly mark")).to_have_text("could not parse")

    opened.all("#query").fill("shop/redis")
    expect(opened.all("#services details:visible")).to_have_count(1)

    opened.all("#query").fill("nothing is called like this")
    expect(opened.all("#tests")).to_have_text("No test is like that.")
    expect(opened.all("#hits")).to_be_hidden()


def test_a_test_shows_all_that_is_known_of_it(opened: Opened) -> None:
    opened.all(".test > button").first.click()
    inside = opened.all(".test .inside").first
    for text in ("failed", "fresh", "Failure", "exited", "64.0 MiB", "waiting for services", "gw0"):
        expect(inside).to_contain_text(text)
    expect(inside.locator(".log .line")).to_have_count(40)
    expect(inside.locator(".log .line.anomaly")).to_have_count(1)
    expect(inside.locator(".log .at").first).to_have_text("+0.000")


def test_a_service_shows_its_log_and_the_graph_leads_there(opened: Opened) -> None:
    expect(opened.all(".node.critical .name")).to_have_count(4)
    opened.page.locator(".node", has_text="redis").click()
    service = opened.all("#service-redis")
    expect(service).to_have_attribute("open", "")
    expect(service).to_be_in_viewport()
    expect(service.locator(".line")).to_have_count(400)
    service.locator("button.more").click()
    assert service.locator(".line").count() > 400
    expect(service.locator(".verdict")).to_contain_text("redis died")


def test_nothing_that_a_service_or_a_test_wrote_acts(opened: Opened) -> None:
    opened.all("#query").fill("window.owned")
    expect(opened.all("#hits .line").first).to_contain_text("</script><script>window.owned = 1")
    opened.all(".test > button").first.click()
    expect(opened.all(".test.open pre")).to_contain_text("</script><script>")
    opened.all("#timeline").scroll_into_view_if_needed()
    opened.page.mouse.move(*opened.find_bar("failed"))
    expect(opened.all("#tip")).to_contain_text("</script><script>")
    assert opened.page.evaluate("window.owned") is None
    assert opened.all("img").count() == 0
    assert len(opened.complaints) == 1


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_systems_theme_until_another_is_chosen(
    browser: Browser, report: Path, viewport: ViewportSize, scheme: str
) -> None:
    dark = scheme == "dark"
    with browser.new_context(
        viewport=viewport, color_scheme="dark" if dark else "light"
    ) as context:
        opened = _open(context.new_page(), report)
        assert _is_dark(opened) is dark
        opened.all("#theme").click()
        assert _is_dark(opened) is not dark
        opened.page.reload()
        opened.page.wait_for_selector("html[data-ready]")
        assert _is_dark(opened) is not dark


def _is_dark(opened: Opened) -> bool:
    colour = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) < 3 * 128


def test_it_can_be_read_on_a_phone(browser: Browser, report: Path) -> None:
    with browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True) as context:
        opened = _open(context.new_page(), report)
        opened.all(".test > button").first.tap()
        expect(opened.all(".test.open .line")).to_have_count(40)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        size = opened.page.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('.line')).fontSize)"
        )
        assert size >= 11

        opened.all("#timeline").scroll_into_view_if_needed()
        opened.page.touchscreen.tap(*opened.find_bar("lease"))
        expect(opened.all("#tip")).to_contain_text("waiting for services")


def test_two_thousand_tests_with_a_hundred_thousand_lines_can_be_worked_with(
    browser: Browser, tmp_path: Path
) -> None:
    big = tmp_path / "index.html"
    big.write_text(html(report_of(synthetic.journal(2_000, 50, workers=4))))
    with browser.new_context(viewport=DESK) as context:
        opened = _open(context.new_page(), big)
        # a list that showed all would be there only after seconds
        assert opened.all(".test").count() == 50
        assert opened.page.evaluate("document.querySelectorAll('*').length") < 3000
        opened.all("#query").fill("could not parse")
        expect(opened.all("#hits-count")).to_have_text("2000")
        opened.all("[data-outcome=error]").click()
        expect(opened.all("#tests-count")).to_have_text("87 of 2000")
