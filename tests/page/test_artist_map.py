"""The interactive map: its data block, and its behaviour in a real browser."""

from __future__ import annotations

import functools
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.page import artist_map

BOOK = Path(__file__).parents[2] / "book"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MARKUP = ("<img src=x onerror=alert(1)>", "</script><b>")
NAMES = ["Björk", "The Beatles", "Sigur Rós", *MARKUP, "عمرو دياب", "!!!", "Muse"]
ALTERNATIVE = "The table below says the same."


def world(n: int = 60) -> dict:
    """Eight named artists in one corner, the rest in the other; the first is the best known."""
    rng = np.random.default_rng(0)
    names = NAMES + [f"Artist {place}" for place in range(len(NAMES), n)]
    corner = np.arange(n) >= len(NAMES)
    layout = (rng.uniform(0, 1, (n, 2)) + np.where(corner, 8, 0)[:, None]).astype(np.float32)
    tags = sp.csr_array(np.column_stack([~corner, corner * 2, np.arange(n) % 2]).astype(np.float32))
    large = corner.astype(np.int64)
    small = np.where(corner, -1, 0)
    named = pd.DataFrame({"name": ["art <i>pop</i>", "elsewhere"]})
    near = (np.arange(n)[:, None] + [1, 2]) % n
    return artist_map.map_data(
        names, np.arange(n, 0, -1) * 3, layout, [(large, named), (small, named[:1])], tags, ["art", "other", "odd"],
        near, label="Map of artists",
    )  # fmt: skip


def test_the_best_known_come_first_and_everything_refers_to_the_new_order():
    names, listeners = ["few", "many"], [3, 9]
    layout = np.float32([[0, 0], [4, 2]])
    tags = sp.csr_array(np.float32([[1, 5], [2, 0]]))
    labels, named = np.array([0, -1]), pd.DataFrame({"name": ["rock"]})
    data = artist_map.map_data(
        names, listeners, layout, [(labels, named)] * 2, tags, ["a", "b"], np.array([[1], [0]]), label="Map"
    )
    assert data["names"] == ["many", "few"] and data["listeners"] == [9, 3]
    assert (data["x"], data["y"]) == ([10_000, 0], [0, 5_000]), "screens count downwards"
    assert (data["width"], data["height"]) == (10_000, 5_000)
    assert [[data["tagNames"][tag] for tag in row] for row in data["tags"]] == [["a"], ["b", "a"]]
    assert data["near"] == [[1], [0]]
    assert data["levels"][0]["of"] == [-1, 0] and data["colours"] == [-1, 0]


def test_parts_that_do_not_fit_together_are_refused():
    level = (np.zeros(2, np.int64), pd.DataFrame({"name": ["rock"]}))
    rest = ([level, level], sp.csr_array((2, 1)), ["a"], np.array([[1], [0]]))
    with pytest.raises(ValueError, match="2 names, but layout of 3 artists"):
        artist_map.map_data(["a", "b"], [1, 2], np.zeros((3, 2), np.float32), *rest, label="Map")
    with pytest.raises(ValueError, match="is not a number"):
        artist_map.map_data(["a", "b"], [1, 2], np.float32([[0, np.nan], [1, 1]]), *rest, label="Map")


def test_no_name_ends_the_data_block_and_no_markup_comes_from_data():
    data = world()
    markup = artist_map.map_html(data, without_script="a < b")
    blocks = re.findall(r'<script type="application/json">(.*?)</script>', markup, re.S)
    assert len(blocks) == 1 and json.loads(blocks[0]) == data and "<" not in blocks[0]
    assert "a &lt; b" in markup and "://" not in re.sub(r"<script type.*?</script>", "", markup)


def test_the_same_map_is_a_figure_too():
    ax = artist_map.draw_map(world(), title="Artists")
    assert len(ax.collections[0].get_offsets()) == 60 and {t.get_text() for t in ax.texts} == {
        "art <i>pop</i>", "elsewhere"
    }  # fmt: skip
    plt.close(ax.figure)


# ---- In a browser


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """A page with a map as a chapter would have it, one with broken data and one without scripts."""
    root = tmp_path_factory.mktemp("site")
    for folder in ("vendor", "scripts"):
        shutil.copytree(BOOK / folder, root / folder)
    markup = artist_map.map_html(world(), without_script=ALTERNATIVE)
    (root / "notebooks").mkdir()
    head = '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'  # noqa: E501
    turns = "<script>document.addEventListener('keydown', (e) => { window.turned = e.key; })</script>"
    tall = '<p style="height: 1500px">end</p>'
    pages = {"map": head + turns + markup + tall, "broken": head + markup.replace('"listeners":[', '"listeners":[1,')}
    pages["cut"] = head + markup.replace('{"label"', '{"label')
    pages["alone"] = head + re.sub(r"<script defer.*?</script>", "", markup)
    for name, text in pages.items():
        (root / "notebooks" / f"{name}.html").write_text(text, encoding="utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/notebooks/"
        server.shutdown()


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM:
        pytest.skip("no Chromium or Chrome is installed (Debian: apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
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
    assert {"Björk", "The Beatles"} <= set(labels_of(page))
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
    for _ in range(4):
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
    ("name", "says"), [("broken", "61 of listeners"), ("cut", "could not be drawn"), ("alone", ALTERNATIVE)]
)
def test_without_script_or_data_the_page_says_where_to_look(chromium, site: str, name: str, says: str):
    page = chromium.new_page()
    page.goto(f"{site}{name}.html")
    text = page.locator(".artist-map-missing").inner_text()
    assert says in text and ALTERNATIVE in text
    page.close()
