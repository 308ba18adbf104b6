"""The dataset catalogue in one file: what it takes, what it refuses, and that it is never left half-changed."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from catalog_files import HOSTILE, rows, write
from typer.testing import CliRunner

from musicrec.catalog import CatalogError, embedded, open_catalog, staging, text
from musicrec.catalog.base import Catalog
from musicrec.catalog.csv_file import SEPARATORS
from musicrec.cli.app import app

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return open_catalog(tmp_path / "catalog.duckdb")


# What is taken


@pytest.mark.parametrize("separator", list(SEPARATORS))
def test_the_separator_is_detected_also_where_cells_hold_others(catalog: Catalog, tmp_path: Path, separator: str):
    others = "".join(set(SEPARATORS) - {separator})
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([["name", "note"], ["a" + others, "1"], [f'"{others}', "2"]])
    entry = catalog.add(write(tmp_path / "t.csv", out.getvalue()))
    assert entry.separator == separator and entry.columns == ["name", "note"] and entry.rows == 2
    assert rows(catalog, "t") == [("a" + others, "1"), (f'"{others}', "2")]


def test_a_given_separator_is_used(catalog: Catalog, tmp_path: Path):
    path = write(tmp_path / "t.csv", "a;b,c\n1;2,3\n")
    assert catalog.add(path, "one", separator=";").columns == ["a", "b,c"]
    assert catalog.add(path, "two", separator="comma").columns == ["a;b", "c"]
    assert catalog.add(write(tmp_path / "u.csv", "a^b\n1^2\n"), separator="^").columns == ["a", "b"]
    for wrong in ("", ",,", '"', "a", ".", "\n"):
        with pytest.raises(CatalogError, match="cannot separate"):
            catalog.add(path, "three", separator=wrong)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("name,n\nBjörk,1\n".encode(), "utf-8"),
        ("name,n\nBjörk,1\n".encode("utf-8-sig"), "utf-8"),
        ('"na\nme",n\nBjörk,1\n'.encode("utf-8-sig"), "utf-8"),
        ("name,n\nBjörk,1\n".encode("latin-1"), "cp1252"),
        ("name,n\nBjörk,1\n".encode("utf-16"), "utf-16"),
        ("name,n\r\nBjörk,1\r\n".encode(), "utf-8"),
        ("name,n\rBjörk,1\r".encode(), "utf-8"),
        ("name,n\r\nBjörk,1\n".encode(), "utf-8"),
        ("\n\nname,n\n\nBjörk,1".encode(), "utf-8"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_line_ends_and_gzip(catalog: Catalog, tmp_path: Path, content: bytes, encoding: str, packed: bool):
    path = write(tmp_path / ("t.csv.gz" if packed else "t.csv"), gzip.compress(content) if packed else content)
    entry = catalog.add(path)
    assert (entry.encoding, entry.compressed, entry.name, entry.size) == (encoding, packed, "t", path.stat().st_size)
    assert rows(catalog, "t") == [("Björk", "1")] and entry.columns[1] == "n"


def test_latin_1_far_into_a_file(catalog: Catalog, tmp_path: Path):
    path = write(tmp_path / "t.csv", b"name,n\n" + b"plain,1\n" * 60_000 + "Björk,2\n".encode("latin-1"))
    assert catalog.add(path).encoding == "cp1252"
    assert catalog.tail("t", 1)["name"].tolist() == ["Björk"]


def test_hostile_cells_and_names_come_back_as_they_are(catalog: Catalog, tmp_path: Path):
    out = io.StringIO()
    columns = ['c"; DROP TABLE datasets; --', "c0", "C0", "<b>", "", "a.b"]
    csv.writer(out).writerows([columns, *([cell] * len(columns) for cell in HOSTILE)])
    entry = catalog.add(write(tmp_path / "t.csv", out.getvalue()), "'); DROP TABLE datasets; --", "<i>\n=1+1")
    assert entry.columns == ['c"; DROP TABLE datasets; --', "c0", "C0", "<b>", "column 5", "a.b"]
    assert rows(catalog, entry.name) == [(cell,) * len(columns) for cell in HOSTILE]
    assert catalog.show(entry.name) == entry and entry.description == "<i>\n=1+1"
    again = catalog.export(entry.name, tmp_path / "again.csv")
    catalog.add(again, "csv")
    catalog.add(catalog.export(entry.name, tmp_path / "again.json"), "json")
    assert rows(catalog, "csv") == rows(catalog, "json") == rows(catalog, entry.name)


def test_types_are_those_of_all_cells_and_nothing_is_lost(catalog: Catalog, tmp_path: Path):
    columns = {
        "integer": ["1", "-20", ""],
        "number": ["1.5", "-2000", "7"],
        "boolean": ["true", "false", ""],
        "date": ["2021-01-31", "", "1999-12-01"],
        "time": ["2021-01-31 10:00:00", "2021-01-31 10:00:00.5", ""],
        "text": ["a", "1", ""],
        "text 2": ["007", "012", "1"],
        "text 3": ["NA", "null", "nan"],
        "text 4": ["12345678901234567890", "1", "2"],
        "text 5": ["2021-02-31", "2021-01-01", ""],
        "text 6": [" 1", "2", "3"],
        "text 7": ["", "", ""],
    }
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    entry = catalog.add(write(tmp_path / "t.csv", "\n".join(lines)))
    assert [feature.type for feature in entry.features] == [name.split()[0] for name in columns]
    assert [feature.missing for feature in entry.features] == [cells.count("") for cells in columns.values()]
    stored = dict(zip(columns, map(list, zip(*rows(catalog, "t"), strict=True)), strict=True))
    for name in columns:
        assert stored[name] == [cell or None for cell in columns[name]]
    frame = catalog.read("t")
    assert frame["number"].tolist() == [1.5, -2000.0, 7.0] and frame["boolean"].tolist()[:2] == [True, False]
    assert frame["date"].iloc[0] == pd.Timestamp("2021-01-31") and frame.index.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("first", "late", "kind"),
    [
        *(("7", late, "text") for late in ("x", "007", "nan", "1e400", "1_000", " 2", "0x10")),
        ("7", "1.5", "number"),
        ("7", "", "integer"),
        *(("7.5", late, "text") for late in ("x", "007", "-00.5", "nan", "1e400", "1_000", " 2", "2 ", "1" * 20)),
        ("7.5", "", "number"),
        ("7.5", "1e-05", "number"),
        *(("7.5", late, "text") for late in ("1e10", "7.50", ".5", "+7.5")),
        *(("2020-01-31", late, "text") for late in ("x", "infinity", "20200-01-31", "2020-02-30", "2020-1-1")),
        ("true", "yes", "text"),
        ("2020-01-31 10:00:00", "2020-01-31", "text"),
    ],
)
def test_a_cell_of_another_type_after_many_rows_changes_the_type_not_the_cell(
    catalog: Catalog, tmp_path: Path, first: str, late: str, kind: str
):
    path = write(tmp_path / "t.csv", "n,m\n" + f"{first},a\n" * 6_000 + f"{late},a\n")
    entry = catalog.add(path)
    assert entry.features[0].type == kind and rows(catalog, "t")[-1] == (late or None, "a")


def test_metadata_are_those_pandas_counts(catalog: Catalog, tmp_path: Path):
    frame = pd.DataFrame({"n": [5, 1, 4, 4, None], "x": [0.5, 2.5, None, 1.0, 1.0], "s": ["b", "a", "b", None, "c"]})
    path = tmp_path / "t.csv"
    frame.to_csv(path, index=False, float_format="%g")
    entry = catalog.add(path, description="five rows")
    assert (entry.rows, entry.size, entry.type, entry.file) == (5, path.stat().st_size, "csv", "t.csv")
    for feature in entry.features:
        column = frame[feature.name]
        assert feature.missing == column.isna().sum() and feature.distinct == column.nunique()
        if feature.type != "text":
            assert [float(q) for q in feature.quantiles] == column.quantile([0, 0.25, 0.5, 0.75, 1]).tolist()
    assert catalog.entries() == [entry] == [catalog.show("t")]


def test_metadata_of_many_rows_are_estimated_closely_and_the_same_each_time(catalog: Catalog, tmp_path: Path):
    path = write(tmp_path / "t.csv", "n,k\n" + "".join(f"{i},{i % 7}\n" for i in range(150_000)))
    first, second = catalog.add(path, "one"), catalog.add(path, "two")
    assert first.features == second.features
    many, few = first.features
    assert many.estimated and few.distinct == 7 and abs(many.distinct / 150_000 - 1) < 0.1
    low, quarter, median, three, high = map(float, many.quantiles)
    assert (low, high) == (0, 149_999)
    assert abs(median / 75_000 - 1) < 0.03 and abs(quarter / 37_500 - 1) < 0.05 and abs(three / 112_500 - 1) < 0.03


def test_head_tail_and_sample(catalog: Catalog, tmp_path: Path):
    catalog.add(write(tmp_path / "t.csv", "n,k\n" + "".join(f"{i},x\n" for i in range(1, 31))))
    assert catalog.head("t")["n"].tolist() == list(range(1, 11)) and catalog.tail("t", 2).index.tolist() == [29, 30]
    drawn = catalog.sample("t", 5, seed=1)
    assert drawn.equals(catalog.sample("t", 5, seed=1)) and drawn["n"].tolist() == drawn.index.tolist()
    assert len(catalog.sample("t", 1000)) == 30 == len(catalog.head("t", 99))


# JSON


@pytest.mark.parametrize("ending", [".json", ".jsonl", ".json.gz"])
@pytest.mark.parametrize("listed", [True, False])
def test_json_records_listed_or_one_a_line(catalog: Catalog, tmp_path: Path, ending: str, listed: bool):
    records = [{"a": 1, "b": {"c": "x", "d": {"e": None}}}, {"b": {"c": '"\n'}, "f": True}, {"a": 2.50, "f": None}, {}]
    text = json.dumps(records, indent=1) if listed else "\n".join(map(json.dumps, records))
    path = tmp_path / f"t{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    entry = catalog.add(path)
    assert [(f.name, f.type) for f in entry.features] == [
        ("a", "number"), ("b.c", "text"), ("b.d.e", "text"), ("f", "boolean")
    ]  # fmt: skip
    assert rows(catalog, "t") == [
        ("1", "x", None, None), (None, '"\n', None, "true"), ("2.5", None, None, None), (None,) * 4
    ]  # fmt: skip


def test_json_text_that_looks_like_a_number_stays_text_and_empty_is_not_missing(catalog: Catalog, tmp_path: Path):
    records = [{"s": "1", "e": "", "d": "2020-01-01", "m": 1}, {"s": "2", "e": None, "d": None, "m": "x"}]
    entry = catalog.add(write(tmp_path / "t.json", json.dumps(records)))
    assert [feature.type for feature in entry.features] == ["text", "text", "date", "mixed"]
    assert rows(catalog, "t") == [("1", "", "2020-01-01", "1"), ("2", None, None, '"x"')]
    assert json.loads(catalog.export("t", tmp_path / "out.json").read_text()) == records


def test_json_across_the_borders_of_what_is_read_at_once(catalog: Catalog, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(text, "CHUNK", 7)
    records = [{"k": "x" * length, "n": length} for length in range(40)]
    catalog.add(write(tmp_path / "t.json", json.dumps(records, indent=2)))
    assert catalog.read("t")["n"].tolist() == list(range(40))


# What is refused

BAD = {
    "wrong.xlsx": (b"PK\x03\x04", "type that cannot be added"),
    "none": (b"a,b\n1,2\n", "type that cannot be added"),
    "binary.csv": (b"\x89PNG\0\0\n", "not text"),
    "late.csv": (b"a,b\n" + b"1,2\n" * 3000 + b"\0,2\n", "line 3002: not text .it holds zero bytes"),
    "damaged.csv.gz": (gzip.compress(b"a,b\n1,2\n" * 9999)[:-20], "gzip archive is damaged"),
    "plain.csv.gz": (b"a,b\n1,2\n", "not gzipped"),
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\xef\xbb\xbf \n\n", "empty"),
    "packed.csv.gz": (gzip.compress(b""), "empty"),
    "heading.csv": (b"a,b\n", "no rows"),
    "short.csv": (b'a,b\n"x\ny\nz",2\n3\n4,5\n', "line 5: the row has 1 field, the heading 2"),
    "long.csv": (b'a,b\r\n"x\r\ny",2\r\n3,4,5\r\n', "line 4: the row has 3 fields"),
    "trailing.csv": (b"a,b\n1,2\n3,4,\n", "line 3: the row has 3 fields"),
    "far.csv": (b"a,b\n" + b"1,2\n" * 30_000 + b"3\n", "line 30002: the row has 1 field"),
    "open.csv": (b'a,b\n1,2\n"3,4\n5,6\n', "line 3: a quote is opened here and never closed"),
    "behind.csv": (b'a,b\n1,2\n"3"x,4\n', "line 3: there is text behind a closing quote"),
    "twice.csv": (b"a,b,a\n1,2,3\n", "columns 1 and 3 are both called 'a'"),
    "number.json": (b"3", "begins with"),
    "empty.json": (b" \n", "empty"),
    "nothing.json": (b"[]", "no rows"),
    "keyless.json": (b"[{},{}]", "no values"),
    "columns.json": (b'{"a": {"0": 1}, "b": {"0": 2}}', "not a list of records"),
    "values.json": (b'[{"a": 1},\n3]', "line 2, record 2"),
    "list.json": (b'[{"a": 1},\n{"a": [1, 2]}]', "line 2, record 2: 'a' holds a list"),
    "open.json": (b'[{"a": 1}', "ends before the list"),
    "cut.json": (b'[{"a": 1}, {"a', "record 2"),
    "comma.json": (b'[{"a": 1},]', "record 2"),
    "missing.json": (b'[{"a": 1} {"a": 2}]', "record 2: after array element, I expect ',' or ']'"),
    "more.json": (b'[{"a": 1}]\n x', "line 2.*invalid char"),
    "nan.json": (b'[{"a": NaN}]', "NaN"),
    "twice.json": (b'[{"a": 1, "a": 2}]', "two values are called 'a'"),
    "dotted.json": (b'[{"a.b": 1, "a": {"b": 2}}]', "two values are called 'a.b'"),
    "half.json": (b'[{"a": "\\ud800"}]', "line 1: half of a character"),
    "deep.json": (b'[{"a": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}]", "nested too deeply"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_is_refused_and_nothing_is_stored(catalog: Catalog, tmp_path: Path, name: str):
    content, message = BAD[name]
    path = write(tmp_path / name, content)
    with pytest.raises(CatalogError, match=message):
        catalog.add(path, "t")
    assert catalog.entries() == []
    assert [p.name for p in tmp_path.iterdir()] == [name], "nothing is left behind"


def test_missing_files_and_folders_are_refused(catalog: Catalog, tmp_path: Path):
    (tmp_path / "folder.csv").mkdir()
    for name in ("missing.csv", "folder.csv"):
        with pytest.raises(CatalogError, match=name):
            catalog.add(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["a/b", "a\\b", "..", "a.b", "$", "#1", "a[0]", "a]", "a\nb", "\x7f", "", " ", " a", "ä" * 101]
)
def test_names_that_some_catalogue_cannot_hold_are_refused(catalog: Catalog, tmp_path: Path, name: str):
    with pytest.raises(CatalogError, match="name"):
        catalog.add(write(tmp_path / "t.csv", "a,b\n1,2\n"), name)
    assert catalog.entries() == []


def test_a_taken_name_is_refused_and_a_name_is_made_from_the_file(catalog: Catalog, tmp_path: Path):
    assert catalog.add(write(tmp_path / "my.data [1].csv", "a,b\n1,2\n")).name == "my-data -1"
    with pytest.raises(CatalogError, match="already"):
        catalog.add(write(tmp_path / "other.csv", "c,d\n3,4\n5,6\n"), "my-data -1")
    assert catalog.show("my-data -1").rows == 1
    with pytest.raises(CatalogError, match=r"no dataset is called 'my-data'; there is 'my-data -1'"):
        catalog.show("my-data")


def test_removal_and_export(catalog: Catalog, tmp_path: Path):
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,\n,\n"))
    out = catalog.export("t", tmp_path / "out.csv")
    assert out.read_text() == '"a","b"\n"1",\n,\n'
    with pytest.raises(CatalogError, match="there already"):
        catalog.export("t", out)
    with pytest.raises(CatalogError, match=r"\.csv or \.json"):
        catalog.export("t", tmp_path / "out.xlsx")
    with pytest.raises(CatalogError, match="cannot be written"):
        catalog.export("t", out / "x.csv")
    catalog.remove("t")
    assert catalog.entries() == []
    with pytest.raises(CatalogError, match="empty"):
        catalog.remove("t")
    catalog.add(tmp_path / "t.csv")


def test_a_single_column_with_missing_values_survives_export(catalog: Catalog, tmp_path: Path):
    catalog.add(write(tmp_path / "t.json", '[{"a": "x"}, {"a": null}]'))
    catalog.add(catalog.export("t", tmp_path / "u.csv"))
    assert rows(catalog, "u") == [("x",), (None,)]


def test_a_file_that_is_no_catalogue_is_left_alone(tmp_path: Path):
    path = write(tmp_path / "notes.txt", "important\n" * 1000)
    with pytest.raises(CatalogError, match="not a catalogue"):
        open_catalog(path).add(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    assert path.read_text() == "important\n" * 1000
    other = tmp_path / "other.duckdb"
    duckdb.connect(str(other)).execute("CREATE TABLE x (i INTEGER)").close()
    with pytest.raises(CatalogError, match="not a catalogue"):
        open_catalog(other).entries()


# Never half-changed


def child(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE)


@pytest.mark.parametrize("moment", ["reading", "storing", "describing", "writing"])
def test_a_process_killed_during_an_add_leaves_the_catalogue_as_it_was(catalog: Catalog, tmp_path: Path, moment: str):
    catalog.add(write(tmp_path / "small.csv", "a,b\n1,2\n"))
    before = catalog.entries(), rows(catalog, "small")
    # a carriage return sends it the careful way, which reads, stores and describes
    big = write(tmp_path / "big.csv", "a,b\r\n" + "".join(f"{i},text {i}\n" for i in range(30_000)))
    code = (
        "import sys, time\nfrom musicrec.catalog import open_catalog\n"
        "def stop(what, share):\n"
        "    if what == sys.argv[3] and share > 0: print(what, flush=True); time.sleep(60)\n"
        "open_catalog(sys.argv[1]).add(sys.argv[2], progress=stop)"
    )
    process = child(code, catalog.place, big, moment)
    assert process.stdout and process.stdout.readline().strip() == moment.encode()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (catalog.entries(), rows(catalog, "small")) == before
    assert catalog.add(big).rows == 30_000
    assert not list(tmp_path.glob(".*adding*")), "what the killed process left is swept up"


def test_ctrl_c_during_a_query_stops_and_stores_nothing(catalog: Catalog, tmp_path: Path, monkeypatch):
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    before = catalog.entries()
    monkeypatch.setattr(staging, "_settle", lambda *_: (_ for _ in ()).throw(RuntimeError("Query interrupted")))
    with pytest.raises(KeyboardInterrupt):
        catalog.add(tmp_path / "t.csv", "u")
    assert catalog.entries() == before


FULL = (
    "import resource, signal, sys\nfrom musicrec.catalog import open_catalog\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
    "try: open_catalog(sys.argv[1]).add(sys.argv[2])\nexcept ValueError as error: print(error)"
)


@pytest.mark.parametrize("limit", [100_000, 1_000_000])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_full_disk_is_told_and_nothing_is_stored(catalog: Catalog, tmp_path: Path, limit: int, ends: str):
    big = write(tmp_path / "big.csv", f"a,b{ends}" + "".join(f"{i},{hash((i, 1)):x}{ends}" for i in range(100_000)))
    told = child(FULL, catalog.place, big, limit).communicate()[0].decode()
    assert "disk" in told and "full" in told
    assert sorted(p.name for p in tmp_path.iterdir()) == ["big.csv"]
    catalog.add(write(tmp_path / "small.csv", "a,b\n1,2\n"))
    before = catalog.entries()
    told = child(FULL, catalog.place, big, limit).communicate()[0].decode()
    assert "disk" in told and catalog.entries() == before and rows(catalog, "small") == [("1", "2")]


def test_a_catalogue_in_use_is_waited_for_then_told(catalog: Catalog, tmp_path: Path, monkeypatch):
    catalog.add(write(tmp_path / "t.csv", "a,b\n1,2\n"))
    code = (
        "import duckdb, sys, time\nc = duckdb.connect(sys.argv[1]); print(flush=True); time.sleep(float(sys.argv[2]))"
    )
    process = child(code, catalog.place, 60)
    assert process.stdout and process.stdout.readline()
    monkeypatch.setattr(embedded, "PATIENCE", 0.2)
    with pytest.raises(CatalogError, match=f"in use by process {process.pid}"):
        catalog.entries()
    process.kill()
    process.wait()
    assert len(catalog.entries()) == 1


def test_memory_stays_bounded_and_progress_moves_forward(tmp_path: Path):
    # 60 MB in both ways, in a process of its own; a gigabyte takes as much (measured once, too slow for every run)
    path = tmp_path / "big.csv"
    line = "".join(
        f"{i},some text of about sixty characters that repeats itself {i * 7919 % 1000},{i / 3:.6f}\n"
        for i in range(20_000)
    )
    path.write_text("n,s,x\n" + line * 36)
    code = (
        "import sys\nfrom musicrec.catalog import open_catalog\nseen = []\n"
        "entry = open_catalog(sys.argv[1]).add(sys.argv[2], progress=lambda what, share: seen.append((what, share)))\n"
        "assert entry.rows == 720_000, entry.rows\n"
        "for what in {what for what, _ in seen}:\n"
        "    shares = [share for each, share in seen if each == what]\n"
        "    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1, (what, shares)\n"
        # not `resource.getrusage`: that begins with the memory of the process that started this one
        "print(next(int(line.split()[1]) * 1024 for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    used = int(child(code, tmp_path / "c.duckdb", path).communicate()[0])
    assert used < 900e6


# The command and the panel


def call(*arguments: object, place: object = "", **more):
    environment = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", "MUSICREC_CATALOG": str(place)}
    return CliRunner().invoke(app, ["catalog", *map(str, arguments)], env=environment, **more)


def test_the_command_goes_through_the_life_of_a_dataset(tmp_path: Path):
    place = tmp_path / "c.duckdb"
    path = write(tmp_path / "actor.csv", "name;born\nAnn;1970\n\x1b[31mBob;\n")
    assert "empty" in call("list", place=place).stderr
    assert "2 rows" in call("add", path, "--description", "two people", place=place).output
    assert "two people" in call("list", place=place).output
    (listed,) = json.loads(call("list", "--json", place=place).output)
    assert listed == json.loads(call("show", "actor", "--json", place=place).output)
    assert listed["rows"] == 2 and [feature["name"] for feature in listed["features"]] == ["name", "born"]
    shown = call("show", "actor", place=place).output
    assert "integer" in shown and "separator ';'" in shown
    for command in ("head", "tail", "sample"):
        assert "1970" in call(command, "actor", place=place).output
        assert json.loads(call(command, "actor", "--json", place=place).output)[1] == {
            "name": "\x1b[31mBob",
            "born": None,
        }
    text = call("head", "actor", "-n", "2", place=place).output
    assert "\x1b" not in text and "\\x1b[31mBob" in text, "a cell cannot colour the terminal"
    out = tmp_path / "out.json"
    assert call("export", "actor", out, place=place).exit_code == 0 and len(json.loads(out.read_text())) == 2
    refused = call("export", "actor", out, place=place)
    assert refused.exit_code == 1 and "there already" in refused.stderr
    assert call("remove", "actor", place=place, input="n\n").exit_code == 1
    assert call("remove", "actor", "--yes", place=place).exit_code == 0
    wrong = call("show", "actor", place=place)
    assert wrong.exit_code == 1 and "no dataset is called 'actor'" in wrong.stderr and "Traceback" not in wrong.stderr


def test_every_command_has_an_example():
    for command in ("add", "list", "show", "head", "tail", "sample", "remove", "export"):
        result = call(command, "--help")
        assert result.exit_code == 0 and f"musicrec catalog {command}" in result.output


def test_the_panel_does_what_the_command_does(catalog: Catalog):
    from musicrec.catalog.panel import Panel

    panel = Panel(catalog)
    assert "empty" in panel.shown.value
    assert panel.separator.index == 0, "a front end shows an option whose value is None as no choice at all"
    panel.add.click()
    assert "choose a file first" in panel.message.value
    content = b"a,<b>x</b>\n<script>,1\n"
    panel.file.value = (
        {"name": "../t.csv", "content": memoryview(content), "type": "text/csv", "size": 0, "last_modified": NOW},
    )
    assert "chosen: ../t.csv" in panel.message.value
    panel.description.value = "<i>"
    panel.add.click()
    assert "added t: 1 rows, 2 columns" in panel.message.value and panel.dataset.value == "t"
    for view in panel.view.options:
        panel.view.value = view
        assert "&lt;b&gt;x" in panel.shown.value and "<b>x" not in panel.shown.value
    assert "&lt;script&gt;" in panel.shown.value and "<script>" not in panel.shown.value
    panel.file.value = (
        {"name": "t<br>.csv", "content": memoryview(b"a,b\n1\n"), "type": "", "size": 0, "last_modified": NOW},
    )
    panel.add.click()
    assert "Not done" in panel.message.value and "t&lt;br&gt;.csv, line 2" in panel.message.value
    panel.file.value = (
        {"name": "u.csv", "content": memoryview(b"a;b,c\n1;2,3\n"), "type": "", "size": 0, "last_modified": NOW},
    )
    panel.separator.value = ";"
    panel.add.click()
    assert panel.dataset.value == "u" and catalog.show("u").columns == ["a", "b,c"]
    assert panel.remove.disabled
    panel.sure.value = True
    panel.dataset.value = "t"
    assert panel.remove.disabled, "the box was ticked for another dataset"
    panel.sure.value = True
    panel.remove.click()
    assert "removed t" in panel.message.value and [entry.name for entry in catalog.entries()] == ["u"]


def test_the_page_shows_everything_as_text(catalog: Catalog, tmp_path: Path):
    from musicrec.catalog.view import catalog_html

    assert "empty" in catalog_html(catalog)
    out = io.StringIO()
    csv.writer(out).writerows([["<b>", "=x"], *([cell, cell] for cell in HOSTILE)])
    catalog.add(write(tmp_path / "t.csv", out.getvalue()), "<u>", "<i>")
    text = catalog_html(catalog)
    assert text.count("<details") == 1 and "=cmd()" in text
    assert not any(tag in text for tag in ("<script", "<b>", "<u>", "<i>")) and "&lt;script&gt;" in text


def test_where_the_catalogue_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MUSICREC_CATALOG", raising=False)
    (tmp_path / "_config.yml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert open_catalog().place == str(tmp_path / "catalog.duckdb")
    monkeypatch.setenv("MUSICREC_CATALOG", "elsewhere.duckdb")
    assert open_catalog().place == "elsewhere.duckdb"
