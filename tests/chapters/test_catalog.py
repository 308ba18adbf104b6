"""What chapter 11 tries beside the catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from musicrec.catalog import open_catalog
from musicrec.catalog.loopback import loopback
from musicrec.chapters import catalog as story


def test_actors_are_the_same_for_the_same_seed():
    actors = story.invent_actors(20, np.random.default_rng(1))
    assert actors.equals(story.invent_actors(20, np.random.default_rng(1)))
    assert actors.shape == (20, 4) and actors["name"].notna().all()


def test_the_original_s_way_and_ours(tmp_path: Path):
    actors = story.invent_actors(40, np.random.default_rng(1))
    actors.to_csv(tmp_path / "actor.csv", sep=";", index=False)
    with loopback() as database:
        found = story.try_flawed_files(tmp_path, database.address, open_catalog(tmp_path / "c.duckdb").add)
    assert found.codes == ["7", "12"] and found.nested == ["b"] and found.ours == 2 and found.theirs > found.ours
    with loopback() as database:
        two = story.try_two_requests(database, tmp_path / "actor.csv", tmp_path / "comma.csv")
    assert two.metadata_lost and (two.before, two.after) == (40, 2)
    assert two.short == actors["born"].isna().sum() and two.listing > 1000
