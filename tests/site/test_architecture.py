"""The pictures of how the package is built: read from the imports, complete, and the same in words."""

import re
import tomllib
from pathlib import Path

import pytest
from trial_book import ROOT

from musicrec.code_digest import SOURCE
from musicrec.site import architecture
from musicrec.site.architecture import SHARED, direct, floors, floors_page, flow_page, heights, travellers


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "from pkg.top import shown\n",
        "__main__.py": "from pkg.top import shown\n",
        "tools.py": "import numpy\n",
        "low/__init__.py": '"""What lies lowest."""\n',
        "low/data.py": "from pkg import tools\n\nclass Interactions:\n    '''Who has what.'''\n",
        "middle/__init__.py": '"""What lies between."""\nfrom pkg.low.data import Interactions\n',
        "top/__init__.py": '"""What lies on top.\n\nAnd more."""\n',
        "top/shown.py": "def f():\n    from ..middle import x\n    from pkg.low import data\n    from . import y\n",
    }
    for name, text in files.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "pkg"


def test_floors_are_read_from_every_kind_of_import(package: Path):
    assert floors(package) == {"top": {"middle", "low"}, "middle": {"low"}, "low": {SHARED}, SHARED: set()}
    assert list(floors(package)) == ["top", "middle", "low", SHARED]


def test_what_opens_the_package_is_no_floor(package: Path):
    """The public names may come from everywhere."""
    assert not [m for m in architecture.modules(package) if m.name in ("pkg.", "pkg.__init__", "pkg.__main__")]


def test_a_circle_is_named():
    with pytest.raises(ValueError, match=r"each other in a circle: a, b$"):
        heights({"a": {"b"}, "b": {"a", "c"}, "c": set()})


def test_arrows_that_others_imply_are_left_out():
    graph = {"a": {"b", "c", "d"}, "b": {"d"}, "c": {"d"}, "d": set()}
    assert direct(graph) == {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}


def test_the_floors_of_the_package_are_those_the_linter_holds():
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contract if c["type"] == "layers")
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    rank = {
        name if name in folders else SHARED: place
        for place, layer in enumerate(layers)
        for name in layer.split(" | ")
        if name != "__main__"
    }
    found = floors()
    assert set(found) == set(rank)
    assert all(rank[floor] <= rank[below] for floor, belows in found.items() for below in belows)


def test_the_picture_and_the_words_say_the_same():
    page = floors_page()
    boxes = re.findall(r'text-anchor="middle">([a-z]+)<', page)
    terms = re.findall(r"^\{doc\}`([a-z]+) </api/\1>`$", page, re.M)
    assert sorted(boxes) == sorted(terms) == sorted(floors())
    lines = dict(zip(terms, re.findall(r"^: (.*)$", page, re.M), strict=True))
    for floor, belows in floors().items():
        assert set(re.findall(r"`([a-z]+)`", lines[floor].rpartition("Imports")[2])) == belows
    arrows = sum(len(below) for below in direct(floors()).values())
    assert page.count("marker-end=") == arrows


def test_a_floor_says_what_it_holds():
    assert {"`code_digest`", "`files`"} <= set(re.findall(r"`[a-z_]+`", architecture.summary(SHARED)))
    for floor in floors():
        assert architecture.summary(floor).endswith("."), floor


def test_what_travels_is_found_where_it_is_made_and_read():
    homes, readers = travellers()
    assert homes["Split"].name == "musicrec.splits.by_user" and "evaluation" in readers["Split"]
    assert "site" in readers["Score"] and "datasets" not in readers["Interactions"]
    page = flow_page()
    for name, home in homes.items():
        assert f"`{name}`\n: " in page and f"Made in `{home.name}`" in page and f">{name}</text>" in page


def test_a_class_that_is_gone_or_twice_there_is_an_error(package: Path):
    with pytest.raises(LookupError, match="Split is defined by no module"):
        travellers(package)
    (package / "tools.py").write_text("class Interactions:\n    pass\n")
    with pytest.raises(LookupError, match=r"Interactions is defined by pkg\.low\.data, pkg\.tools"):
        travellers(package)


def test_the_pages_follow_the_code(package: Path):
    before = floors_page(package)
    (package / "middle" / "more.py").write_text("from pkg import top\n")
    (package / "top" / "shown.py").write_text("")
    assert "Imports `low`, `top`." in floors_page(package) and "`top`" not in before.replace("{doc}`top", "")


def test_the_table_of_contents_names_every_floor_above_those_it_imports():
    first, *listed = re.findall(r"file: api/([a-z]+)", (ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = floors()
    assert first == "index" and sorted(listed) == sorted(found)
    assert all(listed.index(floor) < listed.index(below) for floor, belows in found.items() for below in belows)
