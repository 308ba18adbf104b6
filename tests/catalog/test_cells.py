"""Cells come out of the catalogue as they went in: types, numbers, dates, empty and missing cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from catalog_files import rows, write

from musicrec.catalog import open_catalog
from musicrec.catalog.base import Catalog

# Columns of a .csv, and the type they get: only where every cell is printed back as it was.
COLUMNS = [
    (["1", "-20", "9007199254740993"], "integer"),
    (["1.5", "2", "-0.25"], "number"),
    (["1.5", "2.0", "3e-05"], "number"),
    (["-0", "1"], "number"),
    (["2024-05-06", "1999-12-31"], "date"),
    (["2024-05-06 18:43:00", "2024-05-06 18:43:00.000123"], "time"),
    (["true", "false"], "boolean"),
    *(
        (cells, "text")
        for cells in (
            ["9007199254740993", "1.5"], ["12345678901234567890", "1"], ["-9223372036854775809", "0"],
            ["+4915112345678", "1"], ["1e10", "2"], ["1E5", "2"], ["1.10", "2.50"], [".5", "1.5"], ["5.", "1.5"],
            ["0.12345678901234567890", "1.5"], ["1e-400", "1.5"], ["1e400", "1.5"], ["007", "1"],
            ["1_000", "2"], ["0x10", "2"], [" 1", "2"], ["1 ", "2"], ["nan", "1.5"], ["inf", "1.5"], ["1,5", "2,5"],
            ["2024-05-06T18:43:00", "2024-05-06T18:43:01"], ["2024-05-06 18:43", "2024-05-06 18:44"],
            ["2024-05-06 18:43:00.500", "2024-05-06 18:43:00"], ["2024-05-06 18:43:00+00", "2024-05-06 18:43:00"],
            ["-0044-03-15", "2024-05-06"], ["0000-01-01", "2024-05-06"], ["12024-05-06", "2024-05-06"],
            ["2024-5-6", "2024-05-06"], ["infinity", "2024-05-06"], ["06/05/2024", "07/05/2024"],
            ["18:43:00", "18:44:00"],
            ["True", "False"], ["TRUE", "FALSE"], ["yes", "no"], ["true", "1"], ["t", "f"], ["NULL", "NA"],
        )
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return open_catalog(tmp_path_factory.mktemp("catalog") / "catalog.duckdb")


def test_a_column_has_a_type_only_if_every_cell_is_printed_back(catalog: Catalog, tmp_path: Path):
    longest = max(len(cells) for cells, _ in COLUMNS)
    columns = [[*cells, *[""] * (longest - len(cells))] for cells, _ in COLUMNS]
    lines = [[f"c{i}" for i in range(len(columns))], *zip(*columns, strict=True)]
    text = "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in line) for line in lines)
    for late in (0, 3_000):  # also when the first rows say otherwise
        path = write(
            tmp_path / f"late{late}.csv", text.replace("\n", "\n" + ("," * (len(columns) - 1) + "\n") * late, 1)
        )
        entry = catalog.add(path)
        assert [feature.type for feature in entry.features] == [kind for _, kind in COLUMNS]
        stored = [list(column) for column in zip(*rows(catalog, entry.name)[late:], strict=True)]
        assert stored == [[cell or None for cell in column] for column in columns]
    again = catalog.add(catalog.export("late0", tmp_path / "again.csv"))
    assert rows(catalog, again.name) == rows(catalog, "late0")
    catalog.add(catalog.export("late0", tmp_path / "json.json"))
    assert rows(catalog, "json") == rows(catalog, "late0")


def test_numbers_that_stay_text_are_described_as_numbers(catalog: Catalog, tmp_path: Path):
    entry = catalog.add(write(tmp_path / "prices.csv", "price,phone\n1.10,+491\n10.00,+492\n2.50,\n"))
    assert [feature.type for feature in entry.features] == ["text", "text"]
    assert entry.features[0].quantiles == ("1.10", "1.8", "2.5", "6.25", "10.00")
    assert entry.features[1].quantiles[0] == "+491" and entry.features[1].missing == 1


def test_an_empty_text_is_not_a_missing_value(catalog: Catalog, tmp_path: Path):
    content = 'a,b,c\n"",,x\n,"",""\n"x""",",""","a\n"",b"\n'
    catalog.add(write(tmp_path / "empty.csv", content))
    expected = [("", None, "x"), (None, "", ""), ('x"', ',"', 'a\n",b')]
    assert rows(catalog, "empty") == expected
    for name in ("empty2.csv", "empty2.json"):
        entry = catalog.add(catalog.export("empty", tmp_path / name), name.replace(".", "-"))
        assert rows(catalog, entry.name) == expected


def test_a_single_column_of_anything_survives_our_own_export(catalog: Catalog, tmp_path: Path):
    catalog.add(write(tmp_path / "one.json", json.dumps([{"a": cell} for cell in ("x", None, "", "y", None)])))
    catalog.add(catalog.export("one", tmp_path / "one again.csv"))
    assert rows(catalog, "one again") == [("x",), (None,), ("",), ("y",), (None,)]


JSON = (
    '[{"a": 9007199254740993, "b": 1.10, "c": 1e10, "d": true, "e": "1.5", "f": 12345678901234567890, "g": 1, "h": 1},'
    ' {"a": 1.5, "b": 2, "c": 1E-400, "d": false, "e": "", "f": -1, "g": "1", "h": null},'
    ' {"a": null, "b": 0.12345678901234567890, "c": -0.0, "d": null, "e": null, "f": null, "g": true, "h": 2}]'
)


def test_json_keeps_its_own_types_digit_by_digit(catalog: Catalog, tmp_path: Path):
    entry = catalog.add(write(tmp_path / "types.json", JSON))
    kinds = ["number", "number", "number", "boolean", "text", "integer", "mixed", "integer"]
    assert [feature.type for feature in entry.features] == kinds
    exported = catalog.export("types", tmp_path / "out.json").read_text()
    assert exported.replace("\n", "").replace(" ", "") == JSON.replace(" ", "")
    assert catalog.excerpt("types", "first").as_json().replace("\n", "").replace(" ", "") == JSON.replace(" ", "")
    frame = catalog.read("types")
    assert frame["a"][1] == 9007199254740993 and frame["f"][1] == 12345678901234567890
    assert frame["g"].tolist() == [1, "1", True]


def test_rows_are_shown_to_the_letter(catalog: Catalog, tmp_path: Path):
    cells = ["1.5e-12", "2024-05-06 00:00:00", "2024-05-06 18:43:00.000123"]
    catalog.add(write(tmp_path / "shown.csv", "number,midnight,micro\n" + ",".join(cells) + "\n"))
    for which in ("first", "last", "random"):
        excerpt = catalog.excerpt("shown", which)
        assert excerpt.as_text() == [tuple(cells)]
        assert list(json.loads(excerpt.as_json(), parse_float=str)[0].values()) == cells


def test_numbers_beyond_every_type_are_not_described_as_numbers(catalog: Catalog, tmp_path: Path):
    entry = catalog.add(
        write(tmp_path / "beyond.json", '[{"a": 1e400, "b": 7, "c": 1.50}, {"a": 2.0, "b": 8, "c": 2}]')
    )
    assert [(feature.type, bool(feature.quantiles)) for feature in entry.features] == [
        ("number", False),
        ("integer", True),
        ("number", True),
    ]
