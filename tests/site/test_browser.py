"""The built site in a real browser: nothing from elsewhere, nothing broken, readable on a phone and in the dark."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from npm import BUILD, npm_install
from try_site import CHROMIUM, FLAGS, NO_CHROMIUM, served_folder

from musicrec.files import build_dir
from musicrec.scores.builds import choose_build

pytestmark = pytest.mark.browser


def _site() -> Path:
    """The site of the build that `MUSICREC_REQUIRE_SITE` names, by default (or for "1") the one `serve` would show."""
    name = os.environ.get("MUSICREC_REQUIRE_SITE", "1")
    try:
        return choose_build(site=True).html if name == "1" else build_dir() / name / "html"
    except LookupError:
        return build_dir() / "html"


HTML = _site()
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for folder in (".", "notebooks", "api")
    for path in (HTML / folder).glob("*.html")
    if path.name != "404.html"  # stands alone, without the theme
)
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 780}

# Contrast of every text in the figures and tables of a page with what is behind it: in a figure the last shape painted
# below it (a cell of a heat map), else the nearest background.
LOW_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = c => { const v = c.slice(0, 3).map(x => x / 255)
    .map(x => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0.5) return c; }
    return [255, 255, 255]; };
  const below = e => {
    const r = e.getBoundingClientRect(), x = (r.left + r.right) / 2, y = (r.top + r.bottom) / 2;
    let found = null;
    for (const s of e.ownerSVGElement.querySelectorAll('path, rect, polygon, circle')) {
      if (s.closest('defs, clipPath') || !(s.compareDocumentPosition(e) & 4)) continue;
      const q = s.getBoundingClientRect(), style = getComputedStyle(s), c = parse(style.fill);
      if (style.fill !== 'none' && style.fillOpacity > 0.5 && (c.length < 4 || c[3] > 0.5) &&
          q.left <= x && x <= q.right && q.top <= y && y <= q.bottom) found = c; }
    return found; };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const texts = document.querySelectorAll(
    'figure.musicrec-figure text, figure.musicrec-figure tspan, figcaption, .bd-article td, .bd-article th, caption');
  const bad = [];
  for (const e of texts) {
    if (!own(e) || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), svg = e instanceof SVGElement;
    const a = light(parse(svg ? style.fill : style.color)), b = light(svg && below(e) || behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.push(`${e.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return bad;
}"""


AXE_SHA512 = (
    "63a56f6b4213f20c4acaa8198e511f1bbe94e3c7976a4499f14a98eaf31031ee"
    "b1112d92a3c5ae22d1987078b7b47d4e02530a8d35a349e37fe71d9acac39721"
)
# Findings of axe that shut somebody out, with everything folded opened first.
AXE = """async contrast => {
  const found = await axe.run(document, {resultTypes: ['violations'], rules: {'color-contrast': {enabled: contrast}}});
  return found.violations.filter(v => v.impact === 'critical' || v.impact === 'serious').flatMap(
    v => v.nodes.map(n => `${v.id}: ${n.target.join(' ')}: ${n.html.slice(0, 120)}`)); }"""


def _missing() -> str:
    if not PAGES:
        return f"there is no site in {HTML}; `make book` builds it"
    return "" if CHROMIUM else NO_CHROMIUM


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the site on the loopback address."""
    if reason := _missing():
        (pytest.fail if os.environ.get("MUSICREC_REQUIRE_SITE") else pytest.skip)(reason)

    with served_folder(HTML) as address:
        yield address


@pytest.fixture(scope="module")
def browser(site: str):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, site: str):
    """Return a function that opens a page and collects what it asked for and what went wrong."""
    contexts = []

    def open_(name: str, size: dict[str, int] = WIDE, scheme: str = "light"):
        context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.asked, page.wrong = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("requestfailed", lambda request: page.wrong.append(f"failed: {request.url}"))
        page.on("response", lambda r: r.status >= 400 and page.wrong.append(f"{r.status}: {r.url}"))
        page.on("console", lambda m: m.type in ("error", "warning") and page.wrong.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto(site + name, wait_until="networkidle")
        return page

    yield open_
    for context in contexts:
        context.close()


each_page = pytest.mark.parametrize("name", PAGES or ["index.html"])


@each_page
def test_a_page_asks_nobody_else_for_anything_and_is_in_order(open_page, site: str, name: str):
    page = open_page(name)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")
    elsewhere = [url for url in page.asked if not url.startswith((site, "data:", "blob:"))]
    assert elsewhere == [] and page.wrong == []
    assert len(page.asked) > 3, "the page was really loaded"
    silent = page.evaluate(
        """() => [
          ...[...document.querySelectorAll('img')].filter(e => !e.hasAttribute('alt')),
          ...[...document.querySelectorAll('.bd-article img')].filter(e => !e.alt.trim()),
          ...[...document.querySelectorAll('figure.musicrec-figure svg')].filter(
            e => e.getAttribute('role') !== 'img' || !(e.getAttribute('aria-label') || '').trim()),
        ].map(e => e.outerHTML.slice(0, 120))"""
    )
    assert silent == [], "every picture has words for those who cannot see it"
    twice = page.evaluate(
        """() => { const seen = new Set(); return [...document.querySelectorAll('.bd-article [id]')].map(e => e.id)
          .filter(id => seen.has(id) || !seen.add(id)); }"""
    )
    assert twice == [], "every id is used once"
    assert page.evaluate("document.documentElement.lang") == "en" and page.title().strip()
    assert page.locator(".bd-article h1").count() == 1 or name == "search.html"


@each_page
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_can_be_read_on_a_phone_in_either_mode(open_page, name: str, scheme: str):
    page = open_page(name, PHONE, scheme)
    page.wait_for_function("mode => document.documentElement.dataset.theme === mode", arg=scheme)  # the theme's script
    culprits = page.evaluate(
        """() => [...document.querySelectorAll('.bd-article *')].filter(e => {
          for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
            if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX) && p.clientWidth <= innerWidth &&
                p.matches('.bd-article *')) return false;
          return e.getBoundingClientRect().right > innerWidth + 1; }).slice(0, 5).map(e => e.outerHTML.slice(0, 90))"""
    )
    assert culprits == [], "what is wide scrolls in a box of its own"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(LOW_CONTRAST) == [], "text of figures and tables stands out from what is behind it"
    sizes = page.evaluate(
        """() => [...document.querySelectorAll('figure.musicrec-figure svg')].map(e => {
          const r = e.getBoundingClientRect(); return [r.width, r.height, e.querySelectorAll('*').length]; })"""
    )
    assert all(width > 100 and height > 30 and parts > 1 for width, height, parts in sizes), "figures are drawn"


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the script of axe-core; its licence (MPL-2.0) and size keep it out of the repository."""
    script = "node_modules/axe-core/axe.min.js"
    if reason := npm_install(BUILD / "axe-core", {"dependencies": {"axe-core": "4.10.3"}}, script):
        pytest.skip(reason)
    data = (BUILD / "axe-core" / script).read_bytes()
    assert hashlib.sha512(data).hexdigest() == AXE_SHA512, "this is not the axe-core that was looked at"
    return data.decode()


@each_page
def test_axe_finds_nothing_critical_or_serious_at_either_width_in_either_mode(open_page, axe: str, name: str):
    # A page of the reference has thousands of coloured words, all of the same few kinds: one of them is enough.
    contrast = not name.startswith("api/") or name == min(p for p in PAGES if p.startswith("api/"))
    page = open_page(name)
    page.evaluate(axe)
    page.evaluate("document.querySelectorAll('.bd-article details').forEach(e => { e.open = true; })")
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for size in (WIDE, PHONE):
            page.set_viewport_size(size)
            page.wait_for_timeout(500)
            page.evaluate("dispatchEvent(new Event('resize'))")  # the theme looks at what scrolls, .3 s later,
            page.wait_for_timeout(500)  # and once more when the layout has come to rest
            page.wait_for_function("mode => document.documentElement.dataset.theme === mode", arg=scheme)
            found += [f"{scheme}, {size['width']} px: {what}" for what in page.evaluate(AXE, contrast)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_an_answer_nor_under_the_mouse(open_page, axe: str, scheme: str):
    page = open_page("try.html", WIDE, scheme)
    page.wait_for_selector("#try-app:not([hidden])")
    page.locator("#try-mine button").first.click()
    page.wait_for_selector("#try-results li")
    page.locator("nav.bd-links a:visible").nth(1).hover()
    page.evaluate(axe)
    found = page.evaluate(AXE, True)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("place", ["gone.html", "notebooks/gone.html", "api/a/b.html", "404.html"])
def test_an_address_without_a_page_leads_back(browser, site: str, place: str):
    page = browser.new_page(viewport=PHONE, color_scheme="dark")
    markup = (HTML / "404.html").read_text(encoding="utf-8")
    page.route("**/under/**", lambda route: route.fulfill(status=404, content_type="text/html", body=markup))
    page.goto(f"{site}under/{place}")
    links = page.eval_on_selector_all("a", "found => found.map(a => a.href)")
    assert len(links) > 3 and all(link.startswith(f"{site}under/") for link in links)
    assert all((HTML / link.removeprefix(f"{site}under/")).is_file() for link in links)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.close()


def test_a_table_is_a_tab_stop_only_while_it_scrolls(open_page):
    state = """() => [...document.querySelectorAll('.bd-article .musicrec-table')].filter(e => e.checkVisibility())
      .map(e => [e.scrollWidth > e.clientWidth, e.getAttribute('tabindex') === '0', e.hasAttribute('aria-label')])"""
    page = open_page("notebooks/01_eda.html", {"width": 200, "height": 780})
    narrow = page.evaluate(state)
    page.set_viewport_size(WIDE)
    page.wait_for_timeout(200)
    wide = page.evaluate(state)
    assert any(scrolls for scrolls, *_ in narrow) and not all(scrolls for scrolls, *_ in wide)
    assert all(len(set(table)) == 1 for table in narrow + wide), (narrow, wide)


def test_search_is_reached_and_used_by_keyboard(open_page):
    page = open_page("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("glossary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a", timeout=20_000)
    assert "search.html" in page.url
    assert page.wrong == []


@pytest.mark.parametrize(
    ("typed", "title"),
    [("EASE", "ease"), ("als", "als"), ("gravity", "gravity"), ("gravty", "gravity"), ("Matrix Factorization", None)],
)
def test_what_a_word_is_about_is_found_first_and_told_in_sentences(open_page, typed: str, title: str | None):
    page = open_page(f"search.html?q={typed}")
    page.wait_for_selector("#search-results li")
    first = page.locator("#search-results li a").first
    assert first.inner_text() == (title or typed.lower()) and "glossary" in (first.get_attribute("href") or "")
    for shown in filter(None, page.locator("#search-results li p").all_inner_texts()):
        assert ".ipynb" not in shown and shown.rstrip()[-1] in ".!?…:”)", shown
    assert page.wrong == []


def test_a_search_that_finds_nothing_says_so_and_is_forgotten_with_the_words(open_page):
    page = open_page("search.html?q=zzzqqq")
    assert "Nothing was found" in page.locator("#search-results").inner_text()
    page.locator(".bd-search-container input").fill("coverage")
    page.wait_for_selector("#search-results li")
    page.locator(".bd-search-container input").fill("")
    assert page.locator("#search-results").inner_text() == ""


def test_tab_leads_to_skip_link_then_into_the_page_with_a_visible_outline(open_page):
    page = open_page("index.html")
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => { const e = document.activeElement, s = getComputedStyle(e);
                return [(e.textContent || e.getAttribute('aria-label') || '').trim().slice(0, 40),
                        s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none']; }"""
            )
        )
    assert "Skip to main content" in seen[0][0]
    assert any("Search" in text for text, _ in seen)
    assert all(visible for text, visible in seen if text), seen


def test_the_banner_is_there_exactly_when_the_data_are_simulated(open_page):
    provenance = (HTML / "provenance.html").read_text(encoding="utf-8")
    simulated = re.search(r"real or simulated.*?<p>(.*?)</p>", provenance, re.S)
    assert simulated
    expected = "simulated" in simulated[1]
    for name in PAGES:
        text = (HTML / name).read_text(encoding="utf-8")
        banner = re.search(
            r'class="bd-header-announcement.*?</aside>|class="bd-header-announcement.*?</div>', text, re.S
        )
        assert bool(banner and "Simulated data" in banner[0]) == expected, name
    banner = open_page("index.html", PHONE).locator(".bd-header-announcement")
    assert not expected or (banner.is_visible() and "Simulated data" in banner.inner_text())


def test_the_landing_page_shows_what_was_reported_and_who_leads(open_page):
    page = open_page("index.html")
    text = page.locator(".bd-article").inner_text()
    assert "reproduced" in text and "ndcg@10" in text.lower()
    for summary in page.locator(".bd-article details summary").all():
        summary.click()
        assert summary.locator("xpath=..").locator("table").first.is_visible()


def test_the_page_to_try_answers_and_says_when_its_artists_are_invented(open_page):
    page = open_page("try.html")
    page.wait_for_selector("#try-app:not([hidden])")
    page.locator("#try-mine button").first.click()
    page.wait_for_selector("#try-results li")
    assert page.locator("#try-results li").count() == 10
    data = {path.name: len(gzip.compress(path.read_bytes())) for path in (HTML / "scripts" / "data").glob("try-*.js")}
    asked = {url.rsplit("/", 1)[1] for url in page.asked if "/scripts/data/try-" in url}
    assert asked < set(data) and sum(data[name] for name in asked) < 1_000_000, "what the first answer needs"
    assert sum(data.values()) < 3_000_000
    invented = "made on simulated data" in page.locator(".bd-article").inner_text()
    assert invented == ("Simulated data." in page.locator("body").inner_text())
    page.wait_for_function("location.hash.startsWith('#a=')")
    again = open_page("try.html" + page.evaluate("location.hash"), PHONE, "dark")
    again.wait_for_selector("#try-results li")
    assert page.wrong == [] and again.wrong == []


def test_notebooks_can_be_downloaded(open_page, site: str):
    for name in PAGES:
        if name.startswith("notebooks/"):
            page = open_page(name)
            link = page.locator("a[href*='_sources/'][href$='.ipynb']").first.get_attribute("href")
            response = page.request.get(urljoin(site + name, link))
            assert response.ok and response.json()["nbformat"] == 4


def test_every_link_within_the_site_leads_somewhere():
    ids: dict[str, set[str]] = {}
    texts = {name: (HTML / name).read_text(encoding="utf-8") for name in PAGES}
    if not texts:
        pytest.skip(_missing())
    for name, text in texts.items():
        ids[name] = set(re.findall(r'\sid="([^"]+)"', text))
    broken = []
    for name, text in texts.items():
        for link in re.findall(r'<a\s[^>]*href="([^"]+)"', text):
            target, anchor = urldefrag(urljoin(f"http://site/{name}", link.replace("&amp;", "&")))
            parts = urlsplit(target)
            if parts.netloc != "site" or parts.scheme != "http":
                continue
            path = unquote(parts.path).lstrip("/") or "index.html"
            if not (HTML / path).exists() or (anchor and path in ids and unquote(anchor) not in ids[path]):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_the_files_of_the_site_name_no_script_or_style_from_elsewhere():
    pattern = re.compile(
        r'<(?:script|img|iframe|source|video)[^>]+src="(?:https?:)?//|<link[^>]+href="(?:https?:)?//[^"]+"'
    )
    for name in PAGES:
        tags = [t for t in pattern.findall((HTML / name).read_text(encoding="utf-8")) if 'rel="canonical"' not in t]
        assert tags == [], name
    for sheet in HTML.glob("_static/**/*.css"):
        assert not re.search(
            r"url\([\"']?(?:https?:)?//|@import\s+[\"']?(?:url\()?https?:", sheet.read_text("utf-8")
        ), sheet


# Bytes: of a page as it is loaded, compressed; of the site on disk without the data of Try it, whose test limits them.
PAGE_MOST, SITE_MOST = 250_000, 10_000_000
# What some pages may load besides: data, or pictures of many artists.
BESIDES = {
    "try.html": 3_000_000, "search.html": 200_000, "map.html": 550_000, "notebooks/07_clustering.html": 300_000,
    "notebooks/12_leaderboard.html": 150_000,
}  # fmt: skip


@each_page
def test_a_page_is_light(open_page, name: str):
    page = open_page(name)
    sizes = {}
    for url in {urldefrag(url).url for url in page.asked if url.startswith("http")}:
        path = HTML / unquote(urlsplit(url).path).lstrip("/")
        data = path.read_bytes()
        packed = path.suffix in (".woff", ".woff2", ".png", ".webp")  # already
        sizes[path.name] = len(data) if packed else len(gzip.compress(data))
    heaviest = sorted(sizes.items(), key=lambda size: -size[1])[:5]
    assert sum(sizes.values()) <= PAGE_MOST + BESIDES.get(name, 0), heaviest


def test_the_site_holds_no_data_files_and_stays_small():
    files = [p for p in Path(HTML).rglob("*") if p.is_file()]
    assert not [p for p in files if p.suffix in (".dat", ".csv", ".zip") and p.name != "notebooks.zip"]
    site = [p for p in files if not p.name.startswith("try-")]
    heaviest = sorted((p.stat().st_size, p.relative_to(HTML).as_posix()) for p in site)[:-20:-1]
    assert sum(p.stat().st_size for p in site) <= SITE_MOST, heaviest
