"""The page "Try it" in a real browser, on simulated listeners: same answers as Python, every way in, every mishap."""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from try_site import CHROMIUM, FLAGS, NO_CHROMIUM, served_folder, write_page

from musicrec.datasets.interactions import Interactions
from musicrec.datasets.simulated import listeners as simulated
from musicrec.datasets.simulated import shapes
from musicrec.names import plain
from musicrec.serving import forms, quantisation
from musicrec.site import try_page

# Not marked `browser`: these tests bring their own page, and need no built site.
SHAPE = shapes.Shape(
    users=900, artists=4_000, listens=40_000, tags=3_000, tag_assignments=12_000, friends=2_000,
    artists_without_picture=50,
)  # fmt: skip
HELD_OUT = 200
STRANGE = {10: "<script>window.hacked=1</script>", 11: "🎵🎶", 12: "فيروز", 13: "The Äöü & Sons", 14: "!!!"}
ASK = """async ([lists, model, avoid]) => {
  const { catalogue } = document.getElementById("try");
  await catalogue.prepare([...new Set(lists.flat())], model);
  return lists.map(list => catalogue.recommend(list, model, 10, avoid).map(r => [r.artist, r.score]));
}"""


@pytest.fixture(scope="module")
def listens() -> Interactions:
    return simulated.listeners(5, SHAPE).interactions


@pytest.fixture(scope="module")
def held(listens: Interactions) -> np.ndarray:
    able = np.flatnonzero(listens.history_sizes() >= 10)
    return np.sort(np.random.default_rng(1).choice(able, HELD_OUT, replace=False))


@pytest.fixture(scope="module")
def models(listens: Interactions, held: np.ndarray) -> dict[str, forms.Served]:
    """Models fitted without the held-out listeners; a few artists have names that ask for trouble."""
    rest = listens.select(~np.isin(listens.coordinates()[0], held))
    names = [f"Artist {item}" for item in range(rest.n_items)]
    for place, name in STRANGE.items():
        names[np.argsort(-rest.popularity(), kind="stable")[place]] = name
    names[np.argsort(-rest.popularity(), kind="stable")[0]] = "Björk"
    facts = {"dataset": "simulated", "simulated": True}
    return {m: quantisation.fit(rest, names, m, {**facts, "model": m}) for m in try_page.MODELS}


@pytest.fixture(scope="module")
def folder(models: dict[str, forms.Served], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("try")
    write_page(folder, list(models.values()))
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with served_folder(folder) as address:
        yield address + "try.html"


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip(NO_CHROMIUM)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, address: str):
    contexts = []

    def open_(fragment: str = "", at: str = "", ready: bool = True, **context: object):
        contexts.append(browser.new_context(reduced_motion="reduce", **context))
        page = contexts[-1].new_page()
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda m: m.type == "error" and page.wrong.append(m.text))
        page.goto((at or address) + fragment)
        if ready:
            page.wait_for_selector("#try-app:not([hidden])")
        return page

    yield open_
    for context in contexts:
        context.close()


def chosen(page) -> list[str]:
    return page.evaluate(
        "[...document.querySelectorAll('#try-mine button')].map(b => b.getAttribute('aria-label'))"
        ".filter(t => t.startsWith('Remove ')).map(t => t.slice(7))"
    )


def recommended(page) -> list[str]:
    page.wait_for_selector("#try-fetching", state="hidden")
    return page.locator("#try-results strong").all_inner_texts()


# --- the same answers as Python -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", try_page.MODELS)
@pytest.mark.parametrize("avoid", [0, 0.5])
def test_the_top_ten_of_held_out_listeners_is_pythons(open_page, models, listens, held, model: str, avoid: float):
    served = models[model]
    place = {int(artist): position for position, artist in enumerate(served.ids[: served.n])}
    lists = [[place[i] for i in listens.items[listens.matrix[[user]].indices] if i in place] for user in held]
    found = open_page().evaluate(ASK, [lists, model, avoid])
    expected = [served.recommend(liked, 10, avoid) for liked in lists]
    same = [len({a for a, _ in f} & {r.artist for r in e}) / 10 for f, e in zip(found, expected, strict=True)]
    assert len(same) == HELD_OUT and np.mean(same) >= 0.99
    in_order = [[a for a, _ in f] == [r.artist for r in e] for f, e in zip(found, expected, strict=True)]
    assert np.mean(in_order) >= 0.95
    scores = [[s for _, s in f] for f, order in zip(found, in_order, strict=True) if order]
    wanted = [[r.score for r in e] for e, order in zip(expected, in_order, strict=True) if order]
    assert np.allclose(np.concatenate(scores), np.concatenate(wanted), rtol=1e-6)


@pytest.mark.parametrize("model", ["blend", "ials", "item-knn"])
def test_reasons_are_pythons(open_page, models, model: str):
    served, liked = models[model], np.array([3, 20, 50])
    found = open_page().evaluate(
        "async ([liked, model]) => { const c = document.getElementById('try').catalogue; "
        "await c.prepare(liked, model); return c.recommend(liked, model, 5)"
        ".map(r => [r.artist, r.because.map(b => [b.artist, b.adds])]); }",
        [liked.tolist(), model],
    )
    for artist, because in found:
        expected = {int(a): v for a, v in zip(liked, served.adds(liked, artist), strict=True) if v}
        assert dict(map(tuple, because)) == pytest.approx(expected, rel=1e-6)
        values = [value for _, value in because]
        assert values == sorted(values, reverse=True)


def test_names_are_folded_as_in_python(open_page):
    names = ["The Beatles", "Björk", "SIGUR RÓS!", "Simon & Garfunkel", "Trentemøller", "Æther", "Łona", "!!!", "🎵",
             "東京事変", "Ελλάς", "فيروز", "Straße", "the", "A$AP", "ﬁne", "Ⅻ", "हिन्दी", " x  y "]  # fmt: skip
    assert open_page().evaluate("names => names.map(musicrecModel.plain)", names) == [plain(n) for n in names]


CASES = json.loads((Path(__file__).parents[1] / "names" / "cases.json").read_text(encoding="utf-8"))
ANSWERS = """cases => {
  const { Names, plain, isPlaceholder, isClose, readList } = musicrecNames;
  const names = cases.catalogue.map(each => each[0]);
  const index = new Names(names, cases.catalogue.map(each => each[1]));
  const name = item => item === undefined ? null : names[item];
  const texts = part => cases[part].map(each => each[0]);
  return {
    plain: texts("plain").map(plain),
    placeholders: cases.placeholders.map(isPlaceholder),
    artists: cases.artists.map(isPlaceholder),
    find: texts("find").map(text => name(index.find(text))),
    others: texts("others").map(text => index.match(text).others.map(name)),
    suggest: texts("suggest").map(text => name(index.suggest(text)[0])),
    close: cases.close.map(([text, artist]) => isClose(text, artist)),
    lists: texts("lists").map(text => {
      const { found, missing } = readList(text, each => index.find(each));
      return [found.map(name), missing.map(each => each[1])];
    }),
  };
}"""


def test_the_page_reads_names_and_lists_as_the_command_does(open_page):
    """The same table as tests/names/test_cases.py reads with Python."""
    catalogue = sorted(CASES["catalogue"], key=lambda each: -each[1])
    answers = open_page().evaluate(ANSWERS, {**CASES, "catalogue": catalogue})
    assert all(answers["placeholders"]) and not any(answers["artists"])
    for part in ("plain", "find", "others", "suggest"):
        assert dict(zip([text for text, _ in CASES[part]], answers[part], strict=True)) == dict(CASES[part]), part
    for (text, name, close), answer in zip(CASES["close"], answers["close"], strict=True):
        assert answer == close, (text, name)
    for (text, found, missing), answer in zip(CASES["lists"], answers["lists"], strict=True):
        assert answer == [found, missing], text


# --- using it -------------------------------------------------------------------------------------------------------


def test_by_keyboard_alone(open_page):
    page = open_page()
    assert not recommended(page) and page.locator("#try-start").is_visible()
    search = page.get_by_role("combobox", name="Add an artist")
    search.focus()
    assert search.get_attribute("aria-expanded") == "false"
    page.keyboard.type("bjork")
    assert search.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    active = search.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert page.locator(f"#{active} span").inner_text() == "Björk"
    page.keyboard.press("Enter")
    assert chosen(page) == ["Björk"] and search.input_value() == "" and len(recommended(page)) == 10
    page.wait_for_function("document.getElementById('try-aloud').textContent.startsWith('Added Björk. 10 recommend')")
    assert "because you like Björk" in page.locator("#try-results li").first.inner_text()
    page.keyboard.type("artist")
    for key in ("ArrowUp", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    assert search.get_attribute("aria-activedescendant") == "try-option-1"
    page.keyboard.press("Escape")
    assert page.locator("#try-options").is_hidden() and search.input_value() == "artist"
    page.keyboard.press("Escape")
    page.keyboard.type("Björk")
    page.keyboard.press("Enter")
    assert chosen(page) == ["Björk"] and "already" in page.locator("#try-said").inner_text()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove Björk"
    page.keyboard.press("Enter")
    assert chosen(page) == [] and not recommended(page)
    assert page.evaluate("document.activeElement.id") == "try-search", "the keyboard is not lost"
    assert page.wrong == []


def test_typos_accents_and_strange_names_are_found_and_are_text(open_page):
    page = open_page()
    for typed, meant in (("bjrok", "Björk"), ("aou & sons", STRANGE[13]), ("فيروز", STRANGE[12]), ("🎵🎶", STRANGE[11]),
                         ("!!!", "!!!"), ("script window", STRANGE[10])):  # fmt: skip
        page.fill("#try-search", typed)
        assert page.locator("#try-options li span").first.inner_text() == meant, typed
        page.keyboard.press("Enter")
    assert set(chosen(page)) == {"Björk", *STRANGE.values()}
    page.fill("#try-search", "qqqqqqqq")
    assert page.locator("#try-options").is_hidden() and "has such a name" in page.locator("#try-hint").inner_text()
    assert page.evaluate("window.hacked") is None and page.locator("#try script").count() == 0


@pytest.mark.parametrize("typed", ["Billie Eilish", "bjerg", "artful 7", "[unknown]", "zzzz"])
def test_enter_never_takes_a_distant_guess(open_page, typed: str):
    page = open_page()
    page.fill("#try-search", typed)
    page.keyboard.press("Enter")
    assert chosen(page) == [] and page.input_value("#try-search") == typed
    assert f"“{typed}”" in page.locator("#try-said").inner_text()


def test_a_name_that_comes_near_is_offered_and_taken_only_when_chosen(open_page):
    page = open_page()
    page.fill("#try-search", "bjarq")
    assert page.locator("#try-options li span").first.inner_text() == "Björk"
    assert "come near" in page.locator("#try-hint").inner_text()
    page.keyboard.press("Enter")
    assert chosen(page) == [] and "Did you mean Björk?" in page.locator("#try-said").inner_text()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert chosen(page) == ["Björk"]


def test_a_pasted_list_with_counts_songs_and_commas(open_page):
    page = open_page()
    page.click("text=Paste a list")
    page.fill(
        "#try-text", '1. Björk (12)\nArtist 20,231\n"Artist 21",5\nArtist 22 – A song\nArtist 23, Artist 24\nbjarq'
    )
    page.click("#try-import")
    assert chosen(page) == ["Björk", *(f"Artist {i}" for i in range(20, 25))]
    assert page.locator("#try-imported").inner_text() == "6 lines: 6 artists added, 1 not found:"
    page.get_by_role("button", name="Add Björk").click()
    assert len(chosen(page)) == 6, "it was there already"


def test_model_slider_and_more(open_page):
    page = open_page("#a=Bj%C3%B6rk&a=Artist+7")
    page.select_option("#try-model", "ials")
    als = recommended(page)
    page.select_option("#try-model", "popularity")
    listeners = page.locator("#try-results small").all_inner_texts()
    counts = [int(re.sub(r"\D", "", text)) for text in listeners]
    assert counts == sorted(counts, reverse=True) and "many" in page.locator("#try-results li").first.inner_text()
    page.select_option("#try-model", "ials")
    assert recommended(page) == als
    page.locator("#try-avoid").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert page.locator("#try-avoid-value").inner_text() == "0.50" and recommended(page) != als
    page.click("#try-more")
    assert len(recommended(page)) == 20
    page.locator("#try-results button").first.click()
    assert len(chosen(page)) == 3 and len(recommended(page)) == 10
    page.wait_for_function("location.hash.includes('p=0.5')")
    page.click("#try-clear")
    assert chosen(page) == [] and page.locator("#try-start").is_visible()


def test_the_link_holds_the_list(open_page, address: str):
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    for name in ("Björk", "فيروز", "<script>window.hacked=1</script>"):
        page.fill("#try-search", name)
        page.keyboard.press("Enter")
    page.select_option("#try-model", "item-knn")
    page.click("#try-share")
    page.wait_for_function("document.getElementById('try-said').textContent.includes('copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(address + "#")
    other = open_page("", at=link)
    assert chosen(other) == chosen(page) and recommended(other) == recommended(page)
    assert other.input_value("#try-model") == "item-knn" and other.evaluate("window.hacked") is None


@pytest.mark.parametrize(
    ("fragment", "message"),
    [
        ("#a=Nobody&a=Bj%C3%B6rk", "does not know Nobody"),
        ("#a=%E0%A4%A&a=Bj%C3%B6rk", "Not all of the link could be read"),
        ("#a=Bj%C3%B6rk&m=magic", "no model magic"),
        ("#a=Bj%C3%B6rk&p=7", "from 0 to 1"),
        ("#a=Bj%C3%B6rk&p=x", "from 0 to 1"),
        ("#a=" + quote("<img src=x onerror=window.hacked=1>") + "&a=Bj%C3%B6rk", "does not know <img"),
    ],
)
def test_a_broken_link_is_told_and_the_rest_is_used(open_page, fragment: str, message: str):
    page = open_page(fragment)
    assert message in page.locator("#try-said").inner_text()
    assert chosen(page) == ["Björk"] and len(recommended(page)) == 10
    assert page.evaluate("window.hacked") is None and page.wrong == []


def test_a_link_to_a_heading_stays_one(open_page):
    page = open_page("#what-is-behind-it")
    page.wait_for_timeout(500)
    assert page.url.endswith("#what-is-behind-it") and page.locator("#try-said").inner_text() == ""


def test_ten_thousand_pasted_lines(open_page, models):
    known = models["ials"].names[: models["ials"].n]
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.click("text=Paste a list")
    page.click("#try-import")
    assert "nothing in the box" in page.locator("#try-imported").inner_text()
    lines = [f"{i + 1}. {known[i % 1000]}" for i in range(6000)] + ["- björk", "", "  "]
    lines += [f"unknown {i} <b>" for i in range(4000)]
    page.evaluate("text => navigator.clipboard.writeText(text)", "\n".join(lines))
    page.focus("#try-text")
    page.keyboard.press("Control+V")
    start = time.perf_counter()
    page.click("#try-import")
    assert page.locator("#try-imported").inner_text() == (
        "10,001 lines: 1,000 artists added, 5,001 already there or named twice, 4,000 not found:"
    )
    assert time.perf_counter() - start < 5
    missing = page.locator("#try-missing li").all_inner_texts()
    assert missing[0] == "unknown 0 <b>" and missing[-1] == "… and 3,000 more" and len(missing) == 1001
    assert len(chosen(page)) == 200 and "800 more" in page.locator("#try-mine").inner_text()
    assert len(recommended(page)) == 10
    page.click("#try-share")
    page.wait_for_function("document.getElementById('try-said').textContent.includes('the first 300 of your 1,000')")


def test_it_answers_within_50_ms(open_page, models, listens, held):
    served = models["ials"]
    place = {int(artist): position for position, artist in enumerate(served.ids[: served.n])}
    lists = [[place[i] for i in listens.items[listens.matrix[[user]].indices] if i in place] for user in held[:50]]
    page = open_page()
    for model in try_page.MODELS:
        times = page.evaluate(
            """async ([lists, model]) => { const c = document.getElementById("try").catalogue;
              await c.prepare([...new Set(lists.flat())], model); return lists.map(list => {
              const start = performance.now(); c.recommend(list, model, 10); return performance.now() - start; }); }""",
            [lists, model],
        )
        assert np.median(times) < 50, model


# --- where and how it is opened -------------------------------------------------------------------------------------


def test_it_works_from_disk_and_without_a_network(open_page, folder: Path):
    page = open_page("#a=Bj%C3%B6rk", at=(folder / "try.html").as_uri())
    assert len(recommended(page)) == 10 and page.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(open_page, scheme: str):
    page = open_page(
        "#a=Bj%C3%B6rk&a=" + quote(STRANGE[10]), viewport={"width": 390, "height": 844}, color_scheme=scheme,
        has_touch=True,
    )  # fmt: skip
    page.fill("#try-search", "artist")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#try-options li").nth(2).tap()
    assert len(chosen(page)) == 3
    sizes = page.evaluate(
        "[...document.querySelectorAll('#try button, #try input, #try select')].filter(e => e.checkVisibility())"
        ".map(e => Math.round(e.getBoundingClientRect().height))"
    )
    assert min(sizes) >= 24, "nothing is too small for a finger"


def test_simulated_data_are_named_on_the_page(folder: Path):
    text = (folder / "generated" / "try.md").read_text(encoding="utf-8")
    assert "**simulated data**" in text and ":::{warning}" in text


# --- what can go wrong with the data --------------------------------------------------------------------------------


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of the page, to break."""
    import shutil

    return Path(shutil.copytree(folder, tmp_path / "copy"))


def data_file(folder: Path, part: str = "artists") -> Path:
    (path,) = (folder / "scripts" / "data").glob(f"try-*-{part}.js")
    return path


def told(open_page, copy: Path) -> str:
    page = open_page("", at=(copy / "try.html").as_uri(), ready=False)
    page.wait_for_selector("#try-problem:not([hidden])")
    assert page.locator("#try-app").is_hidden() and page.locator("#try-loading").is_hidden()
    return page.locator("#try-problem").inner_text()


def test_a_missing_file_is_told(open_page, copy: Path):
    name = data_file(copy).name
    data_file(copy).unlink()
    assert f"{name} is missing" in told(open_page, copy)


def test_a_file_of_another_build_is_told(open_page, copy: Path):
    path = data_file(copy)
    path.write_text(re.sub(r'version: "\w+"', 'version: "000000000000"', path.read_text()))
    assert "of another build" in told(open_page, copy)
    path.write_text("window.somethingElse = 1;")
    assert "of another build" in told(open_page, copy)


@pytest.mark.parametrize("cut", ["base64", "gzip", "arrays", "head"])
def test_a_damaged_file_is_told(open_page, copy: Path, cut: str):
    path = data_file(copy)
    text = path.read_text()
    data = re.search(r'gzip: "([^"]+)"', text)[1]
    body = gzip.decompress(base64.b64decode(data))
    bad = {
        "base64": "%%%",
        "gzip": data[: len(data) // 8 * 4],
        "arrays": base64.b64encode(gzip.compress(body[:-1000])).decode(),
        "head": base64.b64encode(gzip.compress(b"\x05\0\0\0hello")).decode(),
    }[cut]
    path.write_text(text.replace(data, bad))
    assert "is damaged" in told(open_page, copy)


@pytest.mark.parametrize("damage", ["missing", "another build", "damaged"])
def test_a_part_that_is_wrong_is_told_and_tried_again(open_page, copy: Path, damage: str):
    path = data_file(copy, "item-knn-0")
    whole = path.read_text()
    wrong = {"another build": "window.somethingElse = 1;", "damaged": re.sub(r'gzip: "\w+', 'gzip: "AAAA', whole)}
    path.unlink() if damage == "missing" else path.write_text(wrong[damage])
    page = open_page("#a=Bj%C3%B6rk&m=item-knn", at=(copy / "try.html").as_uri())
    page.wait_for_selector("#try-problem:not([hidden])")
    assert damage in page.locator("#try-problem").inner_text() and page.locator("#try-fetching").is_hidden()
    assert recommended(page) == [] and page.locator("#try-app").is_visible(), "the list can still be used"
    path.write_text(whole)
    page.select_option("#try-model", "item-knn")
    page.wait_for_selector("#try-results li")
    assert page.locator("#try-problem").is_hidden() and len(recommended(page)) == 10


def test_an_answer_loads_what_it_needs_and_each_part_once(open_page, models):
    asked = []
    page = open_page()
    page.on("request", lambda request: asked.append(request.url.rsplit("-", 2)[1:]))
    page.evaluate(ASK, [[[0]], "item-knn", 0])
    first = len(asked)
    page.evaluate(ASK, [[[0], [1]], "item-knn", 0])
    page.evaluate(ASK, [[list(range(models["item-knn"].n))], "item-knn", 0])
    parts = [part for part in try_page.payload(list(models.values())).sizes if part.startswith("item-knn")]
    assert first == 1 and len(asked) == len(parts), asked
    assert page.evaluate("Object.keys(window.musicrecData).length") == 0, "the packed text is not kept"


def test_a_missing_script_is_told(open_page, copy: Path):
    (copy / "vendor" / "minisearch" / "minisearch.js").unlink()
    assert "A script of this page is missing" in told(open_page, copy)


# --- the file itself ------------------------------------------------------------------------------------------------


def test_the_file_is_named_by_its_content_and_made_the_same_again(models):
    first, again = try_page.payload(list(models.values())), try_page.payload(list(models.values()))
    script = first.scripts["artists"]
    assert first == again and first.version in script
    other = try_page.payload([models["popularity"]])
    assert other.version != first.version
    body = gzip.decompress(base64.b64decode(re.search(r'gzip: "([^"]+)"', script)[1]))
    head = json.loads(body[4 : 4 + int.from_bytes(body[:4], "little")])
    assert head["simulated"] is True and list(head["models"]) == list(try_page.MODELS)
    assert len(head["names"]) == models["ials"].n
