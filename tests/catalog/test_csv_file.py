"""The structure of .csv files: headings, titles, quotes, lengths."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalog_files import rows, write

from musicrec.catalog import CatalogError, open_catalog
from musicrec.catalog.base import Catalog
from musicrec.catalog.csv_file import HeadingError, looks_like_a_row


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return open_catalog(tmp_path_factory.mktemp("catalog") / "catalog.duckdb")


NO_HEADING = {
    "scrobbles": "Muse,Showbiz,Sunburn,09 May 2024 10:00\nBlur,Blur,Song 2,10 May 2024 11:30\n",
    "numbers": "2,51,13883\n2,52,11690\n",
    "iso": "Muse,2024-05-09T10:00:00Z\nBlur,2024-05-10T11:00:00Z\n",
    "repeated": "Muse,rock\nBlur,pop\nMuse,metal\n",
    "epoch": "1715250000,Muse\n1715253600,Blur\n",
}


@pytest.mark.parametrize("name", NO_HEADING)
def test_a_file_without_heading_is_asked_about_and_keeps_its_first_row(catalog: Catalog, tmp_path: Path, name: str):
    path = write(tmp_path / f"{name}.csv", NO_HEADING[name])
    with pytest.raises(HeadingError, match=r"line 1: the first row looks like one of the table.*--no-header"):
        catalog.add(path)
    entry = catalog.add(path, header=False)
    assert entry.columns[0] == "column 1" and entry.rows == NO_HEADING[name].count("\n")
    assert rows(catalog, name)[0][0] == NO_HEADING[name].split(",")[0] and "no heading" in entry.notes[0]
    assert catalog.add(path, f"{name} 2", header=True).rows == entry.rows - 1


@pytest.mark.parametrize(
    "heading", [["artist", "2019", "2020"], ["0", "1", "2"], ["id", "name"], ["q1", "q2"], ["", "name"], ["a b", "c"]]
)
def test_a_heading_is_taken_for_one(heading: list[str]):
    assert not looks_like_a_row(heading, [[str(7 * i + j) for j in range(len(heading))] for i in range(3)])


REFUSED = {
    "title": (
        "Report of plays\n\nname,plays\nx,1\ny,2\n",
        "line 1: 1 field, while the rows below have 2.*above the head",
    ),
    "filled": ("Report,,\nname,plays,z\nx,1,2\n", "line 1: 1 field, while the rows below have 3.*above the heading"),
    "two": ("My music,\nartist,plays\nMuse,3\n", "line 1: 1 field, while the rows below have 2.*above the heading"),
    "facts": ("Exported,2024-05-06,,\nartist,album,track,n\nMuse,a,b,3\n", "line 1: 2 fields, .* below have 4"),
    "behind": (",,Report\nname,plays,z\nx,1,2\n", "line 1: 1 field, while the rows below have 3.*above the heading"),
    "blank": (",,\nname,plays,z\nx,1,2\n", "line 1: 0 fields, while the rows below have 3.*above the heading"),
    "cut in two": ("My music, exported 2024\nartist,plays\nMuse,3\nAir,4\n", "line 1: .* stand above the heading.*--h"),
    "lacks": ("plays\tz\nx\t1\t2\ny\t3\t4\n", "line 1: 2 fields, while the rows below have 3.*lacks a name"),
    "again": ("name,plays\nx,1\nname,plays\ny,2\n", "line 3: the heading stands here again"),
    "marked": ("\ufeffname,plays\nx,1\n\ufeffname,plays\ny,2\n", "line 3: the heading stands here again"),
    "wide": (",".join(f"c{i}" for i in range(1_250)) + "\n", "1,250 columns are more than the 1,000"),
    "long": ("a,b\nx,1\n" + "y" * (20 << 20) + ",2\n", "line 3: longer than the 8 MiB a row may have"),
    "quote": ('a,b\nx,1\n"' + "y\n" * (5 << 20), "line 3: the row is longer than 8 MiB; perhaps a quote"),
    "doubled": ('a,b\nx,1\n"Weird Al" Yankovic,2\n', "line 3: there is text behind a closing quote"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_line_and_the_reason(catalog: Catalog, tmp_path: Path, name: str):
    with pytest.raises(CatalogError, match=REFUSED[name][1]):
        catalog.add(write(tmp_path / f"{name}.csv", REFUSED[name][0]), separator="tab" if name == "lacks" else None)


@pytest.mark.parametrize(
    "content",
    [",plays\n0,3\n1,4\n", ",name,plays\n0,Muse,3\n", "a, b\nMuse, ?\nAir, 4\n", "a,b\nn/a,1\n3,4\n", "a,b\n,\n1,2\n"],
)
def test_a_heading_with_a_nameless_column_or_blanks_behind_commas_is_no_title(
    catalog: Catalog, tmp_path: Path, content: str
):
    name = f"nameless {len(content)}"
    entry = catalog.add(write(tmp_path / f"{name}.csv", content))
    assert entry.rows == content.count("\n") - 1 and entry.columns[-1] == content.split("\n")[0].split(",")[-1]


def test_a_directive_of_a_spreadsheet_program_is_obeyed(catalog: Catalog, tmp_path: Path):
    catalog.add(write(tmp_path / "sep.csv", "sep=;\nname;plays\nx,y;1\n"))
    assert rows(catalog, "sep") == [("x,y", "1")]
    with pytest.raises(CatalogError, match="line 4: the row has 1 field"):
        catalog.add(write(tmp_path / "sep2.csv", "sep=;\nname;plays\nx,y;1\nz\n"))


@pytest.mark.parametrize("separator", ["\t", "|"])
def test_quotes_that_enclose_nothing_are_text(catalog: Catalog, tmp_path: Path, separator: str):
    lines = [["id", "name", "url"], ["1", '"Weird Al" Yankovic', "u"], ["2", '"Heroes', "v"], ["3", 'Foo"', '""']]
    name = f"quotes{ord(separator)}"
    entry = catalog.add(write(tmp_path / f"{name}.tsv", "\n".join(map(separator.join, lines)) + "\n"))
    assert rows(catalog, name) == [tuple(line) for line in lines[1:]] and "part of the text" in entry.notes[0]
    swallowed = [["id", "name"], ["1", '"Heroes'], ["2", 'Foo"'], ["3", "x"]]
    catalog.add(write(tmp_path / f"{name}b.tsv", "\n".join(map(separator.join, swallowed)) + "\n"))
    assert rows(catalog, f"{name}b") == [tuple(line) for line in swallowed[1:]]
    proper = f'id{separator}name\n1{separator}"a\nb"\n2{separator}"c""d"\n'
    assert catalog.add(write(tmp_path / f"{name}c.tsv", proper)).notes == ()
    assert rows(catalog, f"{name}c") == [("1", "a\nb"), ("2", 'c"d')]


def test_line_breaks_in_cells_of_the_heading_and_of_the_first_row(catalog: Catalog, tmp_path: Path):
    entry = catalog.add(write(tmp_path / "breaks.csv", '"a\nz",b\n"x\n\ny",2\n3,4\n'))
    assert entry.columns == ["a\nz", "b"] and rows(catalog, "breaks") == [("x\n\ny", "2"), ("3", "4")]
