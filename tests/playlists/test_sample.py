"""Samples of the tables as data sets: what is drawn, what is said of it, and where tables come from."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from musicrec.chapters.regression import checked, frame
from musicrec.playlists import sample
from musicrec.playlists.load import load
from musicrec.playlists.report import OFFICIAL
from musicrec.playlists.simulate import simulate
from musicrec.playlists.simulated import write_slices
from musicrec.splits.hidden_item import lists_of


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("playlists") / "tables"
    simulate(folder, 600, 4, jobs=1)
    return folder


@pytest.fixture
def copy(tables: Path, tmp_path: Path) -> Path:
    """The same tables, to be told otherwise of."""
    for path in tables.iterdir():
        if path.suffix in (".parquet", ".json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def tell(folder: Path, **facts: object) -> None:
    path = folder / "about.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **facts}), encoding="utf-8")


def test_the_random_sample_holds_what_the_tables_hold(tables: Path):
    data = sample.sampled(tables, 200, seed=2)
    same = load(tables, 200, seed=2)
    assert data.name == "playlists" and data.interactions.n_users == 200
    np.testing.assert_array_equal(data.interactions.users, same.tracks.users)
    np.testing.assert_array_equal(data.interactions.items, same.tracks.items)
    assert (data.interactions.matrix != same.tracks.matrix).nnz == 0
    for table, column in (("playlists", "pid"), ("tracks", "id")):
        assert (
            data.tables[table][column].tolist()
            == data.interactions.__getattribute__("users" if column == "pid" else "items").tolist()
        )
    assert data.items["name"].tolist() == data.tables["tracks"]["name"].tolist()
    lists = lists_of(data)
    pid = int(data.interactions.users[7])
    stored = duckdb.sql(
        f"select t.track from '{tables}/entries.parquet' e join '{tables}/tracks.parquet' t on t.id = e.track "
        f"where playlist_id = {pid} order by pos"
    ).fetchall()
    assert lists.loc[lists["list"] == pid, "item"].tolist() == [track for (track,) in stored]


def test_the_draw_is_that_of_its_seed(tables: Path):
    prints = {
        (seed, kind): sample.sampled(tables, 50, sample=kind, seed=seed).provenance.fingerprint
        for seed in (0, 1)
        for kind in ("random", "seeded")
    }
    assert prints[0, "random"] == sample.sampled(tables, 50, seed=0).provenance.fingerprint
    assert prints[0, "random"] != prints[1, "random"] and prints[0, "random"] != prints[0, "seeded"]


def test_seeded_playlists_all_hold_the_best_known_track(tables: Path):
    data = sample.sampled(tables, 10_000, sample="seeded")
    top = int(np.argmax(data.interactions.popularity()))
    n = data.interactions.n_users
    assert data.name == "playlists-seeded" and data.interactions.popularity()[top] == n < 600
    assert f"{n} of {n} playlists that hold the best known track" in data.provenance.version
    assert any("asked for 10,000 playlists" in note for note in data.provenance.notes)


def test_a_sample_can_be_learned_from_by_the_regressions(tables: Path):
    problem = checked(frame(sample.sampled(tables, 300)))
    assert problem.y.name == "followers" and len(problem.y) == 300 and problem.y.max() > 1


def test_simulated_and_partial_tables_are_nobodys(copy: Path):
    about = sample.sampled(copy, 100).provenance
    assert about.simulated and about.originals == () and "simulated" in about.source
    assert "no reported figure counts as reproduced on them: they are simulated" in about.notes
    tell(copy, simulated=False)
    about = sample.sampled(copy, 100).provenance
    assert not about.simulated and about.originals == () and "not all of it" in about.source


@pytest.mark.parametrize(("size", "missing", "whole"), [(100, 0, True), (99, 0, False), (100, 1, False)])
def test_only_as_many_playlists_out_of_all_of_it_are_the_originals(
    copy: Path, monkeypatch: pytest.MonkeyPatch, size: int, missing: int, whole: bool
):
    monkeypatch.setattr(sample, "SIZE", 100)
    counts = {name: {"found": n - missing, "published": n} for name, n in OFFICIAL.items()}
    tell(copy, simulated=False, official=counts, problems={"mpd.slice.0-999.json": ["cut off"]})
    about = sample.sampled(copy, size).provenance
    assert about.originals == (("spotifier", "playlist-nncf") if whole else ())
    assert ("no reported figure" in " ".join(about.notes)) != whole
    assert "1 slices were not whole" in " ".join(about.notes)


def test_what_a_table_does_not_say_is_counted_or_told(copy: Path):
    path = copy / "playlists.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"create table lists as select * replace (null::bigint as num_tracks, null::bigint as num_albums, "
            f"null::bigint as num_followers, null::bigint as duration_ms) from '{path}'"
        )
        connection.execute(f"copy lists to '{path}' (format parquet)")
    data = sample.sampled(copy, 50)
    lists, entries = data.tables["playlists"].set_index("pid"), data.tables["entries"]
    assert lists["num_tracks"].to_dict() == entries["pid"].value_counts().to_dict()
    albums = entries.merge(data.tables["tracks"], left_on="track", right_on="id").groupby("pid")["album_uri"].nunique()
    assert lists["num_albums"].to_dict() == albums.to_dict() and (lists["duration_ms"] > 0).all()
    assert any(note.startswith("50 playlists do not say how many followers") for note in data.provenance.notes)


def test_wrong_samples_and_places_are_refused(tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="sample must be random or seeded, not 'first'"):
        sample.sampled(tables, 10, sample="first")
    monkeypatch.delenv("MUSICREC_PLAYLISTS", raising=False)
    with pytest.raises(ValueError, match="no playlists are named: set MUSICREC_PLAYLISTS"):
        sample.place()
    monkeypatch.setenv("MUSICREC_PLAYLISTS", str(tmp_path))
    with pytest.raises(ValueError, match="holds no playlists"):
        sample.place()
    monkeypatch.setenv("MUSICREC_PLAYLISTS", str(tables))
    assert sample.place() == tables


def test_slices_are_read_into_tables_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    write_slices(tmp_path / "slices", 120, 1)
    told: list[str] = []
    folder = sample.tables_of(tmp_path / "slices", lambda what, share: told.append(what))
    assert folder.parent == tmp_path / "build" / "playlists-tables" and told
    assert sample.sampled(folder, 100).interactions.n_users == 100
    before = (folder / "about.json").stat().st_mtime_ns
    told.clear()
    assert sample.tables_of(tmp_path / "slices", lambda what, share: told.append(what)) == folder
    assert not told and (folder / "about.json").stat().st_mtime_ns == before
    assert sample.tables_of(folder) == folder, "tables are taken as they are"
    (folder / "about.json").unlink()
    with pytest.raises(ValueError, match="an ingest that was not finished"):
        sample.tables_of(folder)
