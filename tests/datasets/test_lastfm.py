"""The Last.fm files: what real copies show is tolerated, everything else is named by file and line."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lastfm_files import SMALL, Tables, small, write

from musicrec.datasets import lastfm
from musicrec.datasets.simulated import listeners
from musicrec.datasets.sources import DataError, File


def parse(
    files: Mapping[str, File], tables: Tables | None = None, known: str = ""
) -> tuple[Tables, str, tuple[str, ...]]:
    tables = small() if tables is None else tables
    ids = {}
    for table, column in lastfm.IDS:
        values = tables[table][column]
        ids[table, column] = (values.nunique(), int(values.min()), int(values.max()))
    return lastfm.parse(files, {name: len(frame) for name, frame in tables.items()}, ids, known)


def test_what_is_written_is_read() -> None:
    tables, _, notes = parse(write(small()))
    assert list(tables) == list(lastfm.TABLES)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, small()[name], check_dtype=False)
    assert notes == ()


NAMES = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1, max_size=12)
# Some Latin-1 lines happen to be valid UTF-8 and cannot be told apart; these letters never are.
LATIN = st.text("aeiou áéíñöß", min_size=1, max_size=8)


def reads_as_utf8(name: str) -> bool:
    """Whether a name that is written as Latin-1 is another one in UTF-8: the two cannot be told apart."""
    try:
        return name.encode("latin-1").decode("utf-8") != name
    except UnicodeError:
        return False


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(NAMES, min_size=3, max_size=3),
    latin_names=st.lists(LATIN, min_size=3, max_size=3),
    end=st.sampled_from(["\r\n", "\n"]),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    header=st.sampled_from(["as it is", "//", "// ", "lower case", "missing"]),
    latin=st.booleans(),
    last_end=st.booleans(),
    blank_end=st.booleans(),
    repeats=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=3),
)
def test_every_tolerated_copy_has_the_same_fingerprint(
    names: list[str],
    latin_names: list[str],
    end: str,
    mark: bytes,
    header: str,
    latin: bool,
    last_end: bool,
    blank_end: bool,
    repeats: list[tuple[int, int]],
) -> None:
    assume(not latin or not any(map(reads_as_utf8, names)))
    tables = {name: frame.copy() for name, frame in small().items()}
    tables["artists"].loc[[0, 5, 299], "name"] = names
    tables["tags"].loc[[0, 7, 399], "name"] = latin_names

    def edit(name: str, lines: list[str]) -> list[str]:
        first, body = lines[0], lines[1:]
        for source, target in repeats:
            row = source % len(body)
            body.insert(row + 1 + target % (len(body) - row), body[row])
        head = {"//": [f"//{first}"], "// ": [f"// {first}"], "lower case": [first.lower()], "missing": []}
        return head.get(header, [first]) + body + [""] * (blank_end and last_end)

    plain = parse(write(tables), tables)
    files = write(tables, edit, end=end, mark=mark, latin=latin, last_end=last_end)
    read, print_, notes = parse(files, tables, known=plain[1])
    assert print_ == plain[1]
    assert any("repeated rows dropped" in note for note in notes) == bool(repeats)
    assert read["artists"]["name"].tolist() == tables["artists"]["name"].tolist()
    if latin and any(not name.isascii() for name in latin_names):
        assert any("tags.dat" in note and "Latin-1" in note for note in notes)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_fingerprint_changes_with_any_value(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(lastfm.TABLES)))
    frame = small()[name].copy()
    row, column = data.draw(st.integers(0, len(frame) - 1)), data.draw(st.sampled_from(list(frame)))
    value = frame.loc[row, column]
    frame.loc[row, column] = value + 1 if isinstance(value, int | np.integer) else f"{value}x"
    changed = {**small(), name: frame}
    assert lastfm.fingerprint(changed) != lastfm.fingerprint(small())


def replace(name: str, number: int, new: Callable[[str], str]) -> Callable[[str, list[str]], list[str]]:
    """Change one line, counted from 1, of one file."""

    def edit(table: str, lines: list[str]) -> list[str]:
        if table == name:
            lines[number - 1] = new(lines[number - 1])
        return lines

    return edit


def cell(index: int, value: str) -> Callable[[str], str]:
    def new(line: str) -> str:
        cells = line.split("\t")
        cells[index] = value
        return "\t".join(cells)

    return new


@pytest.mark.parametrize(
    ("name", "number", "new", "said"),
    [
        ("listens", 7, cell(2, "many"), r"user_artists\.dat, line 7: expected a whole number as weight, found 'many'"),
        ("listens", 7, cell(2, "3.5"), r"user_artists\.dat, line 7: expected a whole number as weight, found '3\.5'"),
        ("listens", 7, cell(2, ""), r"user_artists\.dat, line 7: expected a whole number as weight, found ''"),
        ("listens", 7, cell(2, "-4"), r"user_artists\.dat, line 7: expected a whole number as weight, found '-4'"),
        ("listens", 7, cell(2, "٣"), r"user_artists\.dat, line 7: expected a whole number as weight"),
        ("listens", 7, cell(2, "9" * 20), r"user_artists\.dat, line 7: expected a whole number as weight"),
        ("listens", 7, cell(2, "0"), r"user_artists\.dat, line 7: expected at least one play"),
        ("listens", 9, cell(1, "77777"), r"user_artists\.dat, line 9: expected an artist of artists\.dat: .*77777"),
        ("listens", 9, cell(0, "99"), r"user_artists\.dat, line 9: expected user between 2 and 44: user 99"),
        ("artists", 2, cell(0, "x1"), r"artists\.dat, line 1: expected the columns id, name|line 2: expected a whole"),
        ("artists", 12, cell(1, ""), r"artists\.dat, line 12: expected a name, found nothing"),
        ("artists", 12, lambda line: line.rpartition("\t")[0], r"line 12: expected 4 columns .* found 3"),
        ("artists", 12, lambda line: line + "\textra", r"artists\.dat, line 12: expected 4 columns .* found 5"),
        ("tags", 5, lambda line: "", r"tags\.dat, line 5: expected 2 columns"),
        ("tags", 5, lambda line: line.replace("\t", ","), r"tags\.dat, line 5: expected 2 columns"),
        ("tag_assignments", 30, cell(2, "12000"), r"user_taggedartists\.dat, line 30: expected a tag of tags\.dat"),
        ("tag_assignments", 30, cell(0, "3000"), r"user_taggedartists\.dat, line 30: expected a user of user_artists"),
        ("friends", 4, cell(1, "9999"), r"user_friends\.dat, line 4: expected a friend of user_artists\.dat"),
        ("listens", 1, lambda line: "userID\tartistID", r"user_artists\.dat, line 1: .*weight is missing"),
        ("tags", 1, lambda line: "tagID\tname", r"tags\.dat, line 1: expected the columns tagID, tagValue"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(name: str, number: int, new: Callable[[str], str], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        parse(write(small(), replace(name, number, new)))
    assert str(caught.value).startswith("here/")
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("name", lastfm.TABLES)
def test_a_missing_row_is_a_wrong_count(name: str) -> None:
    def shorter(table: str, lines: list[str]) -> list[str]:
        return lines[:-1] if table == name else lines

    count = len(small()[name])
    file = lastfm.TABLES[name].file
    with pytest.raises(
        DataError, match=rf"{file}, line {count} \(the last\): expected {count:,} rows, found {count - 1:,}"
    ):
        parse(write(small(), shorter))


def test_a_file_without_rows() -> None:
    for kept in (0, 1):
        with pytest.raises(DataError, match=r"tags\.dat, line 1: expected"):
            parse(write(small(), lambda name, lines, kept=kept: lines[:kept] if name == "tags" else lines))


def test_two_rows_that_contradict_each_other() -> None:
    def contradict(name: str, lines: list[str]) -> list[str]:
        return [*lines, cell(2, "123456")(lines[3])] if name == "listens" else lines

    with pytest.raises(
        DataError, match=r"line 1502: expected one row for user 2, artist \d+, but line 4 says otherwise"
    ):
        parse(write(small(), contradict))


def test_a_friendship_needs_both_directions() -> None:
    user, friend = small()["friends"].iloc[0]
    other = next(
        u for u in small()["friends"]["user"].unique()
        if u not in (user, friend) and u not in small()["friends"].query("user == @user")["friend"].to_numpy()
    )  # fmt: skip
    with pytest.raises(
        DataError, match=r"user_friends\.dat, line 2: expected the same friendship in the other direction"
    ):
        parse(write(small(), replace("friends", 2, cell(1, str(other)))))


@pytest.mark.parametrize("lost", range(1, 8))
def test_a_cut_off_last_line_is_never_read_as_a_smaller_number(lost: int) -> None:
    files = write(small(), end="\n")
    known = parse(files)[1]
    whole = files["user_artists.dat"].data
    if whole[-1 - lost : -lost] == b"\n":
        pytest.skip("a whole line is lost")
    files["user_artists.dat"] = File("here/user_artists.dat", whole[:-lost])
    if lost == 1:  # only the line end
        assert parse(files, known=known)[1] == known
        return
    with pytest.raises(DataError, match=r"user_artists\.dat, line 1501"):
        parse(files, known=known)


def test_quotes_swallow_no_lines() -> None:
    tables = {**small(), "artists": small()["artists"].copy()}
    tables["artists"].loc[[3, 4, 90], "name"] = ['"Weird', "'Al\"", '"""']
    read = parse(write(tables), tables)[0]["artists"]
    assert read["name"][[3, 4, 90]].tolist() == ['"Weird', "'Al\"", '"""']


def test_the_dataset_follows_the_order_of_the_files() -> None:
    data = listeners.listeners(3, SMALL)
    listens = data.tables["listens"]
    assert data.interactions.users.tolist() == sorted(listens["user"].unique())
    assert data.interactions.items.tolist() == data.items["id"].tolist() == data.tables["artists"]["id"].tolist()
    row = listens.iloc[700]
    user = data.interactions.users.tolist().index(row["user"])
    item = data.items.index[data.items["id"] == row["artist"]][0]
    assert data.interactions.matrix[user, item] == row["plays"]
    assert len(data.interactions) == len(listens)
