"""The pages in a real browser: the way of a resident with and without script, keyboard, axe, narrow screens."""

import re
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from directory.bootstrap import Parts
from tests.web.people import person_id

CHROMIUM = shutil.which("chromium") or ""
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
EMPTY = "/mentors?state=ME&arena=research-skills&availability=open&specialty=pediatrics&mode=phone"
QUESTION = "/mentors?q=ultrasound&arena=research-skills&level=resident"
STATES = {
    "home": "/",
    "everybody": "/mentors",
    "question": QUESTION,
    "empty": EMPTY,
    "refused": "/mentors?level=foo&q=ultrasond",
    "mentor": "/mentors/{ingrid}",
    "missing": "/mentors/nobody",
    "institutions": "/institutions",
    "help": "/help",
    "privacy": "/privacy",
    "accessibility": "/accessibility",
    "problem": "/problems/gone",
    "api": "/api",
}

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


class Quiet(WSGIRequestHandler):
    """Requests are not logged."""

    def log_request(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def driver() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(driver: Playwright) -> Iterator[Browser]:
    launched = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture(scope="module")
def ingrid(parts: Parts) -> str:
    return person_id(parts, "Okonjo-Vale")


def context(browser: Browser, site: str, **options: Any) -> BrowserContext:
    made = browser.new_context(base_url=site, viewport=options.pop("viewport", {"width": 1280, "height": 900}), **options)
    made.set_default_timeout(10_000)
    return made


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page with script; whatever the browser complains of fails the test, and so does a request to anybody else."""
    with context(browser, site) as made:
        opened = made.new_page()
        complaints: list[str] = []
        opened.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(f"{site}/") else None)
        yield opened
        assert complaints == []


@pytest.fixture
def bare(browser: Browser, site: str) -> Iterator[Page]:
    """A page without script."""
    with context(browser, site, java_script_enabled=False) as made:
        yield made.new_page()


def focused(page: Page) -> str:
    """What has the focus: an id, or its text."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def test_a_resident_finds_a_mentor_without_script(bare: Page, ingrid: str) -> None:
    bare.goto("/")
    bare.get_by_label("Topic, specialty, place or name").fill("ultrasound")
    bare.get_by_role("button", name="Search").click()
    assert bare.url.endswith("/mentors?q=ultrasound")
    bare.get_by_role("checkbox", name=re.compile("^Research skills")).check()
    bare.get_by_role("checkbox", name=re.compile("^Emergency Medicine")).check()
    bare.get_by_role("checkbox", name=re.compile("^Open")).check()
    bare.locator(".apply .btn").first.click()
    assert "arena=research-skills&availability=open&specialty=emergency-medicine" in bare.url
    expect(bare.get_by_role("heading", level=2, name=re.compile("mentors?, .*open"))).to_be_visible()
    bare.get_by_role("link", name="Ingrid Okonjo-Vale, MD, MPH").click()
    assert bare.url.endswith(f"/mentors/{ingrid}")
    expect(bare.locator("#offers")).to_have_text("What Dr. Okonjo-Vale offers")
    bare.get_by_role("link", name="Back to the results").click()
    assert "specialty=emergency-medicine" in bare.url
    expect(bare.get_by_role("checkbox", name=re.compile("^Research skills"))).to_be_checked()
    bare.get_by_role("link", name="Remove filter Open").click()
    assert "availability" not in bare.url


def test_pages_of_results_without_script(bare: Page) -> None:
    bare.goto("/mentors?sort=name")
    first = bare.locator(".rows h3").all_inner_texts()
    bare.get_by_role("link", name="Next 17 mentors").click()
    second = bare.locator(".rows h3").all_inner_texts()
    assert (len(first), len(second)) == (20, 17)
    assert "cursor=" in bare.url
    bare.get_by_role("link", name="First page").click()
    assert bare.locator(".rows h3").all_inner_texts() == first


def test_a_tick_counts_and_the_button_searches_in_place(page: Page) -> None:
    page.goto("/mentors")
    page.evaluate("window.stayed = true")
    page.get_by_role("checkbox", name=re.compile("^Neurology")).check()
    expect(page.locator(".apply .btn").first).to_have_text("Show 6 mentors")
    assert page.url.endswith("/mentors")
    page.locator(".apply .btn").first.click()
    expect(page.locator("#results")).to_have_text("6 mentors, 3 of them open")
    assert page.url.endswith("/mentors?specialty=neurology")
    assert page.title().startswith("6 mentors, Neurology")
    assert focused(page) == "results"
    expect(page.locator("[data-status]")).to_have_text("6 mentors, 3 of them open")
    assert page.locator('meta[name="robots"]').count() == 1
    assert page.evaluate("window.stayed") is True


def test_ticks_that_were_not_applied_are_seen_and_are_not_lost(page: Page) -> None:
    page.goto("/mentors")
    hints = page.locator("[data-changed]")
    expect(hints.first).to_be_hidden()
    page.get_by_role("checkbox", name=re.compile("^Neurology")).check()
    expect(hints.first).to_have_text("Filters changed: press Show 6 mentors")
    expect(hints.first).to_be_visible()
    expect(hints.last).to_be_visible()
    expect(page.locator('.pager a[rel="next"]')).to_be_hidden()
    expect(page.locator("[data-status]")).to_have_text("Filters changed: press Show 6 mentors")
    assert page.locator(".apply .btn").last.evaluate("button => getComputedStyle(button.parentElement).position") == "sticky"
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()
    page.get_by_role("checkbox", name=re.compile("^Neurology")).uncheck()
    expect(hints.first).to_be_hidden()
    expect(page.locator('.pager a[rel="next"]')).to_be_visible()
    page.get_by_role("checkbox", name=re.compile("^Neurology")).check()
    page.get_by_role("link", name="newest confirmation").click()
    expect(page.locator("#results")).to_have_text("6 mentors, 3 of them open")
    assert page.url.endswith("/mentors?sort=confirmed&specialty=neurology")
    expect(hints.first).to_be_hidden()
    page.get_by_role("checkbox", name=re.compile("^Research skills")).check()
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("#results")).to_have_text("37 mentors, 22 of them open")


def test_the_hint_beside_the_results_applies_the_filters(page: Page) -> None:
    page.goto("/mentors")
    page.get_by_role("checkbox", name=re.compile("^Neurology")).check()
    page.locator("[data-changed] .btn").first.click()
    expect(page.locator("#results")).to_have_text("6 mentors, 3 of them open")
    assert page.url.endswith("/mentors?specialty=neurology")
    expect(page.locator("[data-changed]").first).to_be_hidden()


def test_the_number_of_mentors_is_seen_on_a_phone(browser: Browser, site: str) -> None:
    with context(browser, site, viewport={"width": 360, "height": 700}) as made:
        page = made.new_page()
        page.goto("/institutions")
        for cell in page.locator("#list >> xpath=../.. >> css=td.num").all():
            box = cell.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= 360
        assert page.locator(".scroll").first.evaluate("box => box.scrollWidth - box.clientWidth") == 0


def test_history_is_that_of_plain_visits(page: Page) -> None:
    page.goto("/mentors")
    page.get_by_role("checkbox", name=re.compile("^Neurology")).check()
    page.locator(".apply .btn").first.click()
    expect(page.locator("#results")).to_have_text("6 mentors, 3 of them open")
    page.go_back()
    expect(page.locator("#results")).to_have_text("37 mentors, 22 of them open")
    expect(page.get_by_role("checkbox", name=re.compile("^Neurology"))).not_to_be_checked()
    page.go_forward()
    expect(page.get_by_role("checkbox", name=re.compile("^Neurology"))).to_be_checked()
    page.reload()
    expect(page.locator("#results")).to_have_text("6 mentors, 3 of them open")


def test_empty_fields_stay_out_of_the_address(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/mentors?")


def test_the_focus_goes_to_the_next_chip_and_at_last_to_the_heading(page: Page) -> None:
    page.goto("/mentors?arena=research-skills&level=resident")
    page.get_by_role("link", name="Remove filter Research skills").click()
    expect(page.get_by_role("link", name="Remove filter Research skills")).to_have_count(0)
    expect(page.get_by_role("link", name="Remove filter Residents")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_have_text("37 mentors, 22 of them open")
    expect(page.locator("#results")).to_be_focused()


def test_open_filters_stay_open_over_a_search(page: Page) -> None:
    page.goto("/mentors")
    page.locator('[data-facet="language"] > summary').click()
    page.get_by_role("checkbox", name=re.compile("^Spanish")).check()
    page.locator(".apply .btn").first.click()
    expect(page.locator("#results")).to_be_focused()
    assert page.locator('[data-facet="language"]').get_attribute("open") == ""


def test_when_the_request_fails_the_browser_just_goes_there(browser: Browser, site: str) -> None:
    with context(browser, site) as made:
        page = made.new_page()
        page.goto("/mentors")
        page.evaluate("window.stayed = true")
        page.route("**/mentors?*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
        page.get_by_role("link", name="newest confirmation").click()
        page.wait_for_url("**/mentors?sort=confirmed")
        expect(page.locator('.sort [aria-current="true"]')).to_have_text("newest confirmation")
        assert page.evaluate("window.stayed") is None


def test_a_page_from_memory_shows_what_its_address_says(driver: Playwright, site: str) -> None:
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"])
    try:
        page = context(browser, site).new_page()
        page.goto("/mentors")
        page.get_by_role("checkbox", name=re.compile("^Neurology")).check()
        page.goto("/help")
        page.evaluate("history.back()")
        expect(page.locator("#results")).to_be_visible()
        expect(page.get_by_role("checkbox", name=re.compile("^Neurology"))).not_to_be_checked()
    finally:
        browser.close()


def test_suggestions_by_keyboard(page: Page) -> None:
    page.goto("/")
    field = page.get_by_role("combobox", name="Topic, specialty, place or name")
    field.press_sequentially("neuro")
    option = page.get_by_role("option", name=re.compile("^Neurology"))
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()
    field.press("Escape")
    expect(option).to_have_count(0)
    expect(field).to_have_value("neuro")
    field.press("l")
    field.press("Backspace")
    expect(option).to_be_visible()
    field.press("ArrowDown")
    expect(page.locator('[role="option"][aria-selected="true"]')).to_have_count(1)
    assert page.locator('[role="option"]').first.get_attribute("id") == field.get_attribute("aria-activedescendant")
    while not re.match("Neurology", page.locator('[role="option"][aria-selected="true"]').inner_text()):
        field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**/mentors?specialty=neurology")


def test_a_suggested_person_opens_their_page(page: Page, ingrid: str) -> None:
    page.goto("/mentors?level=resident")
    page.locator("#q").press_sequentially("okonjo")
    page.get_by_role("option", name=re.compile("Ingrid Okonjo-Vale")).click()
    page.wait_for_url(f"**/mentors/{ingrid}")


def test_words_that_were_typed_are_searched_although_suggestions_are_shown(page: Page) -> None:
    page.goto("/")
    page.locator("#q").press_sequentially("neurology")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/mentors?q=neurology")


def test_from_search_to_mentor_and_back_by_keyboard(page: Page, ingrid: str) -> None:
    page.goto(QUESTION)
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to main content"
    page.keyboard.press("Enter")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(focused(page))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", reached[-1]
        if reached[-1].startswith("Ingrid Okonjo-Vale"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/mentors/{ingrid}")
    page.get_by_role("link", name="Back to the results").press("Enter")
    page.wait_for_url(f"**{QUESTION}")


def test_sticky_heads_do_not_cover_the_focus(browser: Browser, site: str) -> None:
    with context(browser, site, viewport={"width": 1280, "height": 500}) as made:
        page = made.new_page()
        page.goto("/mentors")
        page.locator(".rows h3 a").last.focus()
        page.locator(".rows h3 a").nth(3).focus()
        covered = page.evaluate(
            "() => { const box = document.activeElement.getBoundingClientRect();"
            " return !document.activeElement.contains(document.elementFromPoint(box.x + 5, box.y + box.height / 2)) }"
        )
        assert covered is False


def test_filters_are_folded_on_a_phone_and_shown_on_a_desk(browser: Browser, site: str) -> None:
    with context(browser, site, viewport={"width": 360, "height": 700}, java_script_enabled=False) as made:
        page = made.new_page()
        page.goto("/mentors")
        box = page.get_by_role("checkbox", name=re.compile("^Research skills"))
        expect(box).to_be_hidden()
        page.get_by_text("Filters", exact=True).first.click()
        expect(box).to_be_visible()
    with context(browser, site, java_script_enabled=False) as made:
        page = made.new_page()
        page.goto("/mentors")
        expect(page.get_by_role("checkbox", name=re.compile("^Research skills"))).to_be_visible()


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing(browser: Browser, site: str, ingrid: str, name: str, scheme: Any, width: int) -> None:
    with context(browser, site, viewport={"width": width, "height": 900}, color_scheme=scheme) as made:
        page = made.new_page()
        page.goto(STATES[name].format(ingrid=ingrid))
        sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true })")
        assert (sideways, page.evaluate("document.documentElement.scrollWidth - innerWidth")) == (0, 0)
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, results.generate_report()
        assert len(results.response["passes"]) > 10


def test_print_leaves_the_results(browser: Browser, site: str) -> None:
    with context(browser, site) as made:
        page = made.new_page()
        page.goto(QUESTION)
        page.emulate_media(media="print")
        for hidden in (".filters", ".foot", ".pager", ".sort"):
            expect(page.locator(hidden)).to_be_hidden()
        expect(page.locator(".rows")).to_be_visible()
