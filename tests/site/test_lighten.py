"""Pages without the script of icons."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from musicrec.site.lighten import BUNDLE, FONTS, lighten

ICONS = '{sun:[512,512,[1],"f1","M1 1"],"angle-left":[320,512,[],"f2","M2 2"]},{sun:[512,500,[1],"f1","M3 3"]}'
PAGE = (
    '<head><script src="../_static/scripts/fontawesome.js?digest=1"></script><script src="other.js"></script></head>'
    '<body><i class="theme-switch fa-solid fa-sun    fa-lg" data-mode="light" title="Light"></i>'
    '<i class="fas fa-angle-left"></i><i class="other"></i></body>'
)


def site(tmp_path: Path, icons: str = ICONS) -> Path:
    (tmp_path / BUNDLE).parent.mkdir(parents=True)
    (tmp_path / BUNDLE).write_text(icons)
    (tmp_path / "_static" / "a.css.map").write_text("{}")
    (tmp_path / "index.html").write_text(PAGE)
    return tmp_path


def test_icons_are_drawn_into_the_page_and_the_script_goes(tmp_path: Path) -> None:
    lighten(site(tmp_path))
    text = (tmp_path / "index.html").read_text()
    assert "fontawesome.js" not in text and "other.js" in text and '<i class="other"></i>' in text
    assert 'class="svg-inline--fa theme-switch fa-solid fa-sun fa-lg" data-mode="light"' in text
    assert "<title>Light</title>" in text and "M3 3" in text and "M2 2" in text and text.count("<svg") == 2
    assert 'aria-hidden="true"' in text and "CC BY 4.0" in text
    assert not (tmp_path / BUNDLE).exists() and not list(tmp_path.rglob("*.map"))


def test_where_an_icon_is_not_known_the_script_stays(tmp_path: Path) -> None:
    lighten(site(tmp_path, ICONS.replace("angle-left", "another")))
    assert (tmp_path / "index.html").read_text() == PAGE and (tmp_path / BUNDLE).exists()


def test_a_site_of_another_theme_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    lighten(tmp_path)
    assert (tmp_path / "index.html").read_text() == PAGE


def font(path: Path, codes: list[int]) -> None:
    """Write a font whose signs are all the same square."""
    glyphs = [".notdef", *(f"u{code:x}" for code in codes)]
    pen = TTGlyphPen(None)
    for corner in ((0, 0), (0, 90), (90, 90)):
        (pen.lineTo if corner != (0, 0) else pen.moveTo)(corner)
    pen.closePath()
    made = FontBuilder(100)
    made.setupGlyphOrder(glyphs)
    made.setupCharacterMap({code: f"u{code:x}" for code in codes})
    made.setupGlyf(dict.fromkeys(glyphs, pen.glyph()))
    made.setupHorizontalMetrics(dict.fromkeys(glyphs, (100, 0)))
    made.setupHorizontalHeader()
    made.setupOS2()
    made.setupNameTable({"familyName": "Icons"})
    made.setupPost()
    made.save(path)


def test_fonts_keep_the_signs_that_a_stylesheet_shows_and_a_font_of_none_goes(tmp_path: Path) -> None:
    fonts = site(tmp_path) / FONTS
    fonts.mkdir(parents=True)
    font(fonts / "fa-solid-900.ttf", [0xF00D, 0xF019, 0xF0F3])
    font(fonts / "fa-brands-400.ttf", [0xF09B])
    (fonts / "fa-solid-900.woff2").write_text("")
    face = '@font-face{{font-family:A;src:url(../vendor/fontawesome/webfonts/{0}.woff2) format("woff2")}}'
    rules = '.fa-x:before,.fa-y::before{content:"\\f019"}.note:after{content:"\\f00d"}.bell:after{content:"\uf0f3"}'
    sheet = tmp_path / "_static" / "styles.css"
    sheet.write_text(face.format("fa-solid-900") + face.format("fa-brands-400") + rules, encoding="utf-8")
    lighten(tmp_path)
    assert [path.name for path in fonts.iterdir()] == ["fa-solid-900.woff"]
    with TTFont(fonts / "fa-solid-900.woff") as kept:
        assert set(kept.getBestCmap()) == {0xF00D, 0xF0F3}
    text = sheet.read_text(encoding="utf-8")
    assert text.count("@font-face") == 1 and 'fa-solid-900.woff) format("woff")' in text
    assert "fa-x" not in text and '.note:after{content:"\\f00d"}' in text


def test_icons_of_brands_are_drawn_too_and_other_languages_go(tmp_path: Path) -> None:
    root = site(tmp_path, ICONS + '{github:[496,512,[],"f09b","M9 9"]}')
    (root / "_static" / "locales" / "de").mkdir(parents=True)
    (root / "index.html").write_text(PAGE.replace("</body>", '<i class="fab fa-github"></i></body>'))
    lighten(root)
    assert "M9 9" in (root / "index.html").read_text() and not (root / "_static" / "locales").exists()
