"""Pages without the script of icons."""

from pathlib import Path

from musicrec.site.lighten import BUNDLE, lighten

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
