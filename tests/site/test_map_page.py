"""The page of the map: its data from an executed chapter, and its behaviour in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from artist_world import MARKUP, NAMES, world
from try_site import BOOK, CHROMIUM, FLAGS, NO_CHROMIUM, served_folder

from musicrec.page.artist_map import MIME
from musicrec.site import map_page
from musicrec.site.notebooks import Chapter
from musicrec.site.packing import unpacked

ALTERNATIVE = "the same map as a figure"


def source(tmp_path: Path) -> Path:
    """The staged source of a site, as far as the map needs it."""
    for folder in ("vendor", "scripts"):
        shutil.copytree(BOOK / folder, tmp_path / folder)
    return tmp_path


def test_the_data_come_from_the_chapter_that_shows_them(tmp_path):
    chapter = Chapter(tmp_path / "07_clustering.ipynb", tmp_path)
    chapter.executed.parent.mkdir()
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {MIME: world(), "text/html": "a link"}}]
    cells = [{"cell_type": "markdown", "source": ""}, {"cell_type": "code", "outputs": outputs}]
    chapter.executed.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert map_page.map_of(chapter) == world()
    map_page.stage(source(tmp_path / "site"), [chapter])
    script = next((tmp_path / "site" / "scripts" / "data").glob("map-*.js"))
    assert unpacked(script.read_text(encoding="utf-8")) == world()
    assert script.name in (tmp_path / "site" / "generated" / "map.md").read_text(encoding="utf-8")
    chapter.executed.write_text(json.dumps({"cells": cells[:1]}), encoding="utf-8")
    map_page.stage(tmp_path / "site", [chapter])
    assert "not been executed" in (tmp_path / "site" / "generated" / "map.md").read_text(encoding="utf-8")


def test_no_name_reaches_the_page_as_markup(tmp_path):
    markup = map_page.piece(source(tmp_path), world())
    assert "onerror" not in markup and "://" not in markup


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """A page with a map as a chapter would have it, one with broken data and one without scripts."""
    root = tmp_path_factory.mktemp("site")
    source(root)
    markup = re.search(r"<link.*(?=```)", map_page.piece(root, world()), re.S).group()
    head = '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'  # noqa: E501
    turns = "<script>document.addEventListener('keydown', (e) => { window.turned = e.key; })</script>"
    tall = '<p style="height: 1500px">end</p>'
    shorter = world() | {"listeners": world()["listeners"][1:]}
    broken = re.search(r"<link.*(?=```)", map_page.piece(root, shorter), re.S).group()
    damaged = "<script>window.musicrecMap = 'H4sI';</script>"
    cut = re.sub(r'<script defer src="scripts/data/[^>]*></script>', damaged, markup)
    pages = {"map": head + turns + markup + tall, "broken": head + broken, "cut": head + cut}
    pages["alone"] = head + re.sub(r"<script defer.*?</script>", "", markup)
    for name, text in pages.items():
        (root / f"{name}.html").write_text(text, encoding="utf-8")

    with served_folder(root) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM:
        pytest.skip(NO_CHROMIUM)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, site: str):
    context = chromium.new_context(viewport={"width": 900, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.wrong = []
    page.on("console", lambda m: m.type in ("error", "warning") and page.wrong.append(m.text))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("dialog", lambda dialog: page.wrong.append("a name was run as code") or dialog.dismiss())
    page.goto(f"{site}map.html")
    page.wait_for_selector(".artist-map-ready[data-zoom]")
    yield page
    assert page.wrong == []
    context.close()


def zoom_of(page) -> float:
    page.wait_for_timeout(60)
    return float(page.locator(".artist-map").get_attribute("data-zoom"))


def labels_of(page) -> list[str]:
    page.wait_for_timeout(60)
    return page.evaluate("document.querySelector('.artist-map').artistMap.labels().map((label) => label.text)")


def spot(page, name: str) -> tuple[float, float]:
    x, y = page.evaluate("(name) => document.querySelector('.artist-map').artistMap.screen(name)", name)
    box = page.locator("canvas").bounding_box()
    return box["x"] + x, box["y"] + y


browser_test = pytest.mark.browser


@browser_test
def test_names_appear_as_one_comes_closer(page):
    assert labels_of(page) == ["art <i>pop</i>", "elsewhere"]
    for _ in range(5):
        page.get_by_role("button", name="Zoom in").click()
    assert zoom_of(page) > 5
    page.get_by_role("combobox", name="Find").fill("björk")
    page.keyboard.press("Enter")
    named = set(labels_of(page)) & set(NAMES)
    assert "Björk" in named and len(named) > 2
    page.get_by_role("button", name="Show the whole map").click()
    assert zoom_of(page) == 1


@browser_test
@pytest.mark.parametrize(
    ("typed", "name"),
    [("bjork", "Björk"), ("beatles", "The Beatles"), ("ROS", "Sigur Rós"), ("!!!", "!!!"), ("دياب", "عمرو دياب")],
)
def test_search_forgives_case_and_accents(page, typed: str, name: str):
    page.locator("input").fill(typed)
    assert page.get_by_role("option").first.locator("span").inner_text() == name
    page.keyboard.press("Enter")
    assert page.locator(".artist-map").get_attribute("data-chosen") == name
    assert page.locator(".artist-map-panel strong").inner_text() == name and zoom_of(page) == 6


@browser_test
@pytest.mark.parametrize(("typed", "name"), [("beetles", "The Beatles"), ("bjrk", "Björk"), ("sigurros", "Sigur Rós")])
def test_search_forgives_typos(page, typed: str, name: str):
    page.locator("input").fill(typed)
    assert page.get_by_role("option").first.locator("span").inner_text() == name
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.get_by_role("option").first.is_visible()


@browser_test
def test_enter_takes_no_distant_guess(page):
    page.locator("input").fill("beetles")
    page.keyboard.press("Enter")
    assert page.locator(".artist-map").get_attribute("data-chosen") is None
    assert "these come near" in page.get_by_role("status").inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(".artist-map").get_attribute("data-chosen") == "The Beatles"


@browser_test
def test_results_are_reached_by_keyboard_and_said_aloud(page):
    field = page.locator("input")
    field.fill("artist 1")
    assert (
        page.get_by_role("status").inner_text() == "8 artists found" and field.get_attribute("aria-expanded") == "true"
    )
    second = page.get_by_role("option").nth(1)
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == second.get_attribute("id")
    assert second.get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert page.locator(".artist-map").get_attribute("data-chosen") == "Artist 11"
    field.fill("nobody at all")
    assert page.get_by_text("No artist of that name").is_visible() and page.get_by_role("option").count() == 0
    page.keyboard.press("Enter")
    field.fill("b")
    page.keyboard.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"


@browser_test
def test_a_name_is_text_wherever_it_appears(page):
    for wanted in MARKUP:
        page.locator("input").fill(wanted)
        page.keyboard.press("Enter")
        assert page.locator(".artist-map-panel strong").inner_text() == wanted
        page.mouse.move(*spot(page, wanted))
    assert page.locator(".artist-map img, .artist-map b").count() == 0


@browser_test
def test_the_mouse_shows_and_chooses_an_artist_and_its_nearest_lead_on(page):
    page.mouse.move(*spot(page, "Björk"))
    tip = page.locator(".artist-map-tip")
    assert tip.is_visible() and "180 listeners · art" in tip.inner_text() and "Björk" in tip.inner_text()
    page.mouse.click(*spot(page, "Björk"))
    panel = page.locator(".artist-map-panel")
    assert "Björk 180 listeners" in panel.inner_text() and "art <i>pop</i>" in panel.inner_text()
    panel.get_by_role("button", name="Sigur Rós").click()
    assert page.locator(".artist-map").get_attribute("data-chosen") == "Sigur Rós"


@browser_test
def test_the_wheel_scrolls_the_page_until_the_map_is_held(page):
    x, y = spot(page, "Muse")
    page.mouse.move(x, y)
    page.mouse.wheel(0, 200)
    page.wait_for_timeout(200)
    assert zoom_of(page) == 1 and page.evaluate("scrollY") > 0
    page.evaluate("scrollTo(0, 0)")
    page.mouse.click(*spot(page, "Muse"))
    page.mouse.wheel(0, -300)
    assert zoom_of(page) > 1 and page.evaluate("scrollY") == 0
    before = spot(page, "Muse")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 25, steps=4)
    page.mouse.up()
    after = spot(page, "Muse")
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((40, 25), abs=1)


@browser_test
def test_the_map_is_used_by_keyboard_and_keeps_its_keys_to_itself(page):
    page.locator("input").focus()
    for _ in range(5):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert zoom_of(page) == pytest.approx(1.96)
    before = spot(page, "Muse")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    assert spot(page, "Muse")[0] == pytest.approx(before[0] - 60, abs=1)
    assert page.evaluate("window.turned ?? ''") not in ("ArrowRight", "+"), "the theme would turn the page"
    page.keyboard.press("0")
    assert zoom_of(page) == 1
    page.keyboard.press("m")
    assert page.evaluate("document.activeElement.tagName") == "INPUT"
    assert page.get_by_role("option").first.locator("span").inner_text() == "Muse"
    page.keyboard.press("Enter")
    page.locator("canvas").focus()
    page.keyboard.press("-")
    assert "listeners" in page.get_by_role("status").inner_text(), "who is in the middle is said aloud"
    page.keyboard.press("Enter")
    assert page.locator(".artist-map").get_attribute("data-chosen") == "Muse"


@browser_test
def test_colours_follow_the_page_into_the_dark(page):
    page.add_style_tag(
        content="html[data-theme=dark] { --pst-color-background: #14181e; --pst-color-text-base: #ced6dd }"
    )
    light = page.locator("canvas").screenshot()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(150)
    assert page.locator("canvas").screenshot() != light
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.artist-map-frame')).backgroundColor")
        == "rgb(20, 24, 30)"
    )


@browser_test
def test_on_a_phone_nothing_is_too_wide_and_a_tap_chooses(chromium, site: str):
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{site}map.html")
    page.wait_for_selector(".artist-map-ready[data-zoom]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    action = "getComputedStyle(document.querySelector('canvas')).touchAction"
    assert page.evaluate(action) == "pan-x pan-y", "a finger scrolls the page"
    page.touchscreen.tap(*spot(page, "Björk"))
    page.wait_for_timeout(100)
    assert page.evaluate(action) == "none" and page.locator(".artist-map").get_attribute("data-chosen")
    context.close()


@browser_test
@pytest.mark.parametrize(
    ("name", "says"), [("broken", "59 of listeners"), ("cut", "could not be drawn"), ("alone", ALTERNATIVE)]
)
def test_without_script_or_data_the_page_says_where_to_look(chromium, site: str, name: str, says: str):
    page = chromium.new_page()
    page.goto(f"{site}{name}.html")
    text = page.locator(".artist-map-missing").inner_text()
    assert says in text and ALTERNATIVE in text
    page.close()


@browser_test
def test_a_marked_region_recommends_by_mouse_and_by_keyboard(page):
    marker = page.get_by_role("button", name="Mark a region")
    marker.click()
    assert marker.get_attribute("aria-pressed") == "true"
    x = spot(page, "Björk")[0]
    box = page.locator("canvas").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x + 200, box["y"] + box["height"] - 3, steps=5)
    page.mouse.up()
    panel = page.locator(".artist-map-panel")
    assert "8 artists in this region" in panel.inner_text() and "Björk" in panel.inner_text()
    link = panel.get_by_role("link", name="Recommend from these").get_attribute("href")
    assert link.startswith("try.html#a=Bj%C3%B6rk&a=The+Beatles&") and link.count("a=") == 8 and "onerror" in link
    assert marker.get_attribute("aria-pressed") == "false"
    assert page.locator(".artist-map").get_attribute("data-chosen") is None, "the drag chooses nobody"
    marker.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert "60 artists in this region" in panel.inner_text()
    marker.click()
    page.keyboard.press("Escape")
    assert marker.get_attribute("aria-pressed") == "false"


@browser_test
def test_artists_of_the_address_are_ringed_and_listed(page):
    before = page.locator("canvas").screenshot()
    address = page.url.split("#")[0]
    page.evaluate("to => { location.hash = to; }", "a=bjork&a=%3Cimg+src=x%3E&r=Muse")
    page.wait_for_timeout(100)
    text = page.locator(".artist-map-yours").inner_text()
    assert "Björk" in text and "Muse" in text and "Not on this map: <img src=x>" in text
    assert page.locator("canvas").screenshot() != before and page.url.startswith(address)
    page.locator(".artist-map-yours").get_by_role("button", name="Muse").click()
    assert page.locator(".artist-map").get_attribute("data-chosen") == "Muse"
