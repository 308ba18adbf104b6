"""The structure of .json files: records, keys, and where they break."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalog_files import rows, write

from musicrec.catalog import CatalogError, open_catalog
from musicrec.catalog.base import Catalog


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return open_catalog(tmp_path_factory.mktemp("catalog") / "catalog.duckdb")


STORED = {
    "one": ('{"a": 1, "b": {"c": 2}}', ["a", "b.c"], [("1", "2")]),
    "inside": ('{"user": {"name": "x"}}\n', ["user.name"], [("x",)]),
    "lines": ('{"a": 1}\n\n{"a": {"b": 2}}', ["a", "a.b"], [("1", None), (None, "2")]),
    "behind": ('{"a": 1}{"a": 2}', ["a"], [("1",), ("2",)]),
    "empty": ('[{}, {"a": 1}, {}]', ["a"], [(None,), ("1",), (None,)]),
    "escapes": ('[{"a": "\\u00e9\\ud83d\\ude00\\n\\"", "\\u00e9": "\\u0000"}]', ["a", "é"], [('é😀\n"', "\0")]),
}


@pytest.mark.parametrize("name", STORED)
def test_records_of_every_shape(catalog: Catalog, tmp_path: Path, name: str):
    content, columns, expected = STORED[name]
    assert catalog.add(write(tmp_path / f"{name}.json", content)).columns == columns
    assert rows(catalog, name) == expected


def test_a_key_that_holds_empty_objects_alone_is_named(catalog: Catalog, tmp_path: Path):
    entry = catalog.add(
        write(tmp_path / "hollow.json", '[{"a": {}, "b": 1, "c": {"d": {}}}, {"e": {}}, {"e": {"f": 2}}]')
    )
    assert entry.columns == ["b", "e.f"]
    assert entry.notes == ("no column for 'a', 'c.d': nothing but empty objects",)
    with pytest.raises(CatalogError, match="its records hold no values"):
        catalog.add(write(tmp_path / "nothing.json", '[{"a": {}}]'))


REFUSED = {
    "keys": ('[{"a.b": 1},\n{"a": {"b": 2}}]', r"line 2, record 2: two values are called 'a.b'"),
    "key": ('[{"x": 1},\n\n{"a.b": 1, "a": {"b": 2}}]', r"line 3, record 2: two values are called 'a.b'"),
    "columns": ('{"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}', "a single object that holds columns"),
    "list": ('[{"a": 1},\n{\n"a": [1]}]', "line 2, record 2: 'a' holds a list"),
    "comma": ('{"a": 1}\n{"a":\n3,}\n', "line 3, record 2"),
    "half": ('[{"a": "\\\\ud83c \\ud83c\\udfb5"},\n{"a": "\\ud83c"},\n{"a": 1}]', "line 2: half of a character"),
    "low": ('{"a": 1}\n{"a": "\\udfb5\\ud83c"}\n', "line 2: half of a character"),
    "wide": ("[{" + ",".join(f'"c{i}": 1' for i in range(1_250)) + "}]", "more than 1,000 different keys"),
    "long": ('[{"a": 1}, {"a": "' + "y" * (20 << 20) + '"}]', "8 MiB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_line_record_and_reason(catalog: Catalog, tmp_path: Path, name: str):
    with pytest.raises(CatalogError, match=REFUSED[name][1]):
        catalog.add(write(tmp_path / f"{name}.json", REFUSED[name][0]))
