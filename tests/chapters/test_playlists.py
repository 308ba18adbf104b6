"""What the edition about playlists measures, on a sample of invented ones."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from musicrec.chapters.playlists import example, followers, sizes
from musicrec.datasets.dataset import Dataset
from musicrec.playlists.sample import sampled
from musicrec.playlists.simulate import simulate
from musicrec.scores.records import ScoreBook
from musicrec.splits.by_user import split_by_user


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("playlists") / "tables"
    simulate(folder, 500, 7, jobs=1)
    return folder


@pytest.fixture(scope="module")
def data(tables: Path) -> Dataset:
    return sampled(tables, 200)


@pytest.fixture
def book(data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoreBook:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    with pytest.warns(UserWarning, match="no execution"):
        return ScoreBook("03_regression", data).add("data", "n", 1.0)


def values(book: ScoreBook) -> dict[str, float]:
    return {f"{score.system} {score.metric}": score.value for score in book.scores if score.reported is not None}


def test_regressions_are_fitted_to_each_sample_and_their_mean_is_written_down(
    tables: Path, data: Dataset, book: ScoreBook
):
    samples = [(0, data), (1, sampled(tables, 200, seed=1))]
    results, artists = followers.on_samples(samples), followers.artists_of(samples)
    assert set(results["seed"]) == {0, 1} and artists.index.tolist() == [0, 1]
    followers.write_down(book, results, artists)
    found = values(book)
    linear = results[results["model"] == "linear"]["test"]
    assert found["linear r2 test"] == pytest.approx(linear.mean())
    assert found["data different most common artists"] == artists["different"].mean()
    assert all(score.seeds == (0, 1) and score.status == "not-applicable" for score in book.scores[1:])
    luck = followers.luck(results)
    assert (luck.n, luck.low, luck.high) == (2, linear.min(), linear.max()) and 0 <= luck.below <= 2


def test_the_most_followed_come_first(data: Dataset, book: ScoreBook):
    ten = example.most_followed(data)
    counted = data.tables["playlists"]["num_followers"]
    assert ten["followers"].tolist() == sorted(counted, reverse=True)[:10]
    row = int(ten["row"].iloc[0])
    assert counted.iloc[row] == counted.max() == ten["followers"].iloc[0]
    assert ten["tracks"].iloc[0] == (data.tables["entries"]["pid"] == data.interactions.users[row]).sum()
    example.write_down(book, ten, data)
    assert values(book)["data followers of the example"] == counted.max()
    nobody = Dataset(
        data.name, data.interactions, data.items, data.provenance,
        {**data.tables, "playlists": data.tables["playlists"].assign(num_followers=0)},
    )  # fmt: skip
    with pytest.raises(ValueError, match="has followers: the example is the one with most"):
        example.most_followed(nobody)


def test_the_example_is_shown_in_the_order_of_its_owner_with_what_is_hidden(data: Dataset):
    split = split_by_user(data.interactions, 0)
    hidden = split.valid + split.test
    row = int(np.argmax(data.interactions.history_sizes()))
    first = example.first_tracks(data, hidden, row, 12)
    entries = data.tables["entries"]
    own = entries.loc[entries["pid"] == data.interactions.users[row], "track"].drop_duplicates()[:12]
    facts = data.tables["tracks"].set_index("id").loc[own]
    assert first["track"].tolist() == facts["name"].tolist() and first["album"].tolist() == facts["album"].tolist()
    ids = hidden.matrix[[row]].indices
    assert first["hidden"].tolist() == [track in set(data.interactions.items[ids]) for track in own]

    listed = example.recommended(data, ids[:3], [3, 2, 1], split.train)
    assert listed["artist"].tolist() == data.tables["tracks"]["artist"].iloc[ids[:3]].tolist()
    assert listed["playlists"].tolist() == split.train.popularity()[ids[:3]].tolist()
    other = np.setdiff1d(np.arange(data.interactions.n_items), ids)[:2]
    found = example.found(hidden, row, ids[:3], [ids[0], *other])
    assert found == (len(ids), 3, 1, 1)


def test_sizes_are_means_over_samples(tables: Path, data: Dataset, book: ScoreBook):
    found = sizes.sizes_of([(0, data), (1, sampled(tables, 200, seed=1))])
    part = data.interactions
    assert found.loc[0].tolist() == [part.n_users, part.n_items, len(part), pytest.approx(100 * part.density)]
    sizes.write_down(book, found, "random", data)
    assert values(book)["data items, random sample"] == pytest.approx(found["items"].mean())
    assert "data density (%), random sample" not in values(book), "the original did not say it"


def test_the_example_of_the_network_has_two_known_tracks(data: Dataset):
    train = data.interactions.select(np.arange(len(data.interactions)) > 500)  # the first playlists have nothing left
    row = sizes.most_followed(train, data)
    counted = pd.Series(data.tables["playlists"]["num_followers"].to_numpy())
    assert train.history_sizes()[row] >= 2
    assert counted[row] == counted[train.history_sizes() >= 2].max()
