"""Tables and playlists of one's own beside the listeners of the data."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.playlists import ingest
from musicrec.playlists.slices import find
from musicrec.serving import own_files

EXPECTED = [("ann", "Muse", 3.0), ("ann", "Björk", 1.0), ("bob", "Muse", 2.0)]
PLAYLISTS = [
    {"pid": 4, "tracks": [{"track_uri": "a", "artist_name": "Muse"}, {"track_uri": "b", "artist_name": "Muse"}]},
    {"pid": 7, "tracks": [{"track_uri": "c", "artist_name": "Billie Eilish", "artist_uri": "x"}]},
]


@pytest.fixture
def data() -> Dataset:
    listens = Interactions(sp.csr_array(np.float32([[7, 0], [1, 3]])), np.arange(2), np.arange(2))
    provenance = Provenance("a test", "", "1", "none", "", "test", "0" * 16)
    return Dataset("lastfm-2k", listens, pd.DataFrame({"name": ["Muse", "Björk"]}), provenance)


def people_of(path: Path) -> list[tuple[str, str, float]]:
    return list(own_files.read_people(path).rows[["person", "artist", "plays"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    "text",
    [
        "user,artist,plays\nann,Muse,3\nann,Björk,1\nbob,Muse,2\n",
        "Play Count;Artist Name;User ID\n3;Muse;ann\n1;Björk;ann\n2;Muse;bob\n",
        "ann\tMuse\t3\nann\tBjörk\t1\nbob\tMuse\t2\n",
        "ann\tid-1\tMuse\t3\nann\t\tBjörk\t1\nbob\tid-1\tMuse\t2\n",
        'user,artist,plays\nann,"Muse",1\nann,Muse,2\nann,Björk,1\n\nbob,Muse,2\n',
        json.dumps([{"listener": p, "artist": a, "scrobbles": n} for p, a, n in EXPECTED]),
    ],
)
def test_tables_are_told_apart_by_what_they_hold(text: str, tmp_path: Path):
    for number, raw in enumerate((text.encode(), text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode())):
        (tmp_path / f"{number}.txt").write_bytes(raw)
        (tmp_path / f"{number}.gz").write_bytes(gzip.compress(raw))
        assert sorted(people_of(tmp_path / f"{number}.txt")) == sorted(EXPECTED)
        assert sorted(people_of(tmp_path / f"{number}.gz")) == sorted(EXPECTED)


def test_playlists_are_sets_of_artists(tmp_path: Path):
    (tmp_path / "a.json").write_text(json.dumps({"playlists": PLAYLISTS}))
    (tmp_path / "b.json").write_text(json.dumps(PLAYLISTS))
    ingest.ingest(find([tmp_path / "a.json"]), tmp_path / "tables")
    for path in (tmp_path / "a.json", tmp_path / "b.json", tmp_path / "tables"):
        rows = own_files.read_people(path).rows
        assert [tuple(row) for row in rows[["person", "artist"]].to_numpy()] == [(4, "Muse"), (7, "Billie Eilish")]
        assert rows["plays"].isna().all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the first line is empty"),
        ("just a text", "the first line is 'just a text'"),
        ("user,song\nann,x\n", "no people with artists"),
        ("[1, 2]", "expected a playlist, found 1"),
        ('[{"user": "ann", "song": "x"}]', "the columns are user, song"),
        ("user,artist,plays\nann,Muse,none\n", "1 rows without a count above zero were left out"),
        ("user,artist\n,Muse\n", "1 rows without a person or an artist"),
    ],
)
def test_what_holds_nobody_is_refused_with_the_reason(text: str, said: str, tmp_path: Path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match="no people with artists") as error:
        own_files.read_people(tmp_path / "a.csv")
    assert said in str(error.value) and "expected a heading with user" in str(error.value)
    with pytest.raises(ValueError, match="there is no such file"):
        own_files.read_people(tmp_path / "none.csv")


def test_they_join_as_further_rows(data: Dataset, tmp_path: Path):
    (tmp_path / "own.csv").write_text("user,artist\nann,MUSE\nann,Billie Eilish\nbob,billie eilish\ncy,Nobody Else\n")
    both, (told,) = own_files.with_files(data, [tmp_path / "own.csv"])
    assert both.item_names.tolist()[:2] == ["Muse", "Björk"] and both.interactions.matrix.shape == (5, 4)
    plays = pd.DataFrame(both.interactions.matrix.toarray(), columns=both.item_names)
    assert plays["Muse"].tolist()[:2] == [7, 1] and plays["Muse"][2] == pytest.approx(3)  # as the typical listen
    assert "3 people with 3 artists, 2 of them new, 1 of these with two people or more" in told
    assert both.provenance.fingerprint != data.provenance.fingerprint
    digest = own_files.digest_of([tmp_path / "own.csv"])
    (tmp_path / "own.csv").write_text("user,artist\nann,Muse\n")
    assert own_files.digest_of([tmp_path / "own.csv"]) != digest
