"""What chapter 13 says of a history."""

from pathlib import Path

import numpy as np
import pytest

from musicrec import datasets
from musicrec.chapters import your_own_music as own
from musicrec.chapters import your_own_music_people as others
from musicrec.datasets.dataset import Dataset
from musicrec.datasets.joined import joined
from musicrec.histories.simulated import EXAMPLES, write_examples
from musicrec.site.kernels import kernel_environment


@pytest.fixture(scope="module")
def data() -> Dataset:
    return datasets.load("simulated-small")


@pytest.fixture(scope="module")
def both(data: Dataset) -> Dataset:
    return joined(data, datasets.load("simulated-songs"))


@pytest.fixture(scope="module")
def story(data: Dataset, both: Dataset, tmp_path_factory: pytest.TempPathFactory) -> own.Story:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSICREC_BUILD", str(tmp_path_factory.mktemp("build")))
        patch.delenv("MUSICREC_HISTORY", raising=False)
        return own.open_story(data, both, "", seed=0, quick=True)


def test_the_invented_history_is_the_same_for_the_same_seed(data: Dataset, both: Dataset, story: own.Story) -> None:
    again = own.open_story(data, both, "", seed=0, quick=True)
    assert again.played == story.played and again.invented and len(again.played) == own.PLAYS // 5
    assert own.summary(again) == own.summary(story)


def test_what_did_not_match_is_told(story: own.Story) -> None:
    told = own.unmatched(story.reader)
    assert (told["why"] == "not in the data").sum() >= 3 and told["plays"].is_monotonic_decreasing
    assert own.what_was_read(story.reader.history).loc["skips", "rows"] == sum(each.skipped for each in story.played)


def test_months_add_up_to_the_plays(story: own.Story) -> None:
    months = own.by_month(story.reader)
    assert months.to_numpy().sum() == sum(not each.skipped for each in story.played)
    assert months.iloc[0, 0] == 0 and len(months) == 24


def test_no_recommended_artist_was_played(story: own.Story) -> None:
    table = own.recommended(story.reader)
    assert len(table) == 10 and not set(table.index) & {each.artist for each in story.played}


def test_every_format_holds_the_same_person(story: own.Story) -> None:
    table = own.every_format(story)
    assert list(table.index) == [*EXAMPLES, "all of them"]
    assert table["artists known"].max() - table["artists known"].min() <= 1  # one was only ever skipped
    heard = sum(not each.skipped for each in story.played)
    assert (
        table.loc["lastfm.csv", "plays, songs or lines"] == table.loc["all of them", "plays, songs or lines"] == heard
    )


def test_people_are_left_out_and_the_reader_is_placed(data: Dataset, both: Dataset, story: own.Story) -> None:
    people = others.left_out_people(both, seed=0, quick=True)
    place = others.place_among(story.reader, people, seed=0)
    assert place and place.people == len(people.found) == len(people.fame) <= 40
    assert 0 <= place.below <= 1 and place.median == np.median(people.found)
    assert len(others.place_table(place)) == 3 and others.place_table(None).empty
    assert f"{place.found:.0%}" in others.people_alt(people, place)
    assert own.lessons(story.reader, None).better is False


def test_the_map_shows_favourites_and_recommended(data: Dataset, both: Dataset, story: own.Story) -> None:
    layout = own.on_the_map(both, story.reader, n=100)
    assert len(layout.places) == len(layout.groups) and layout.groups.count("recommended") == len(layout.names) == 10
    assert layout.groups.count("favourites") == len(story.reader.favourites) and np.isfinite(layout.places).all()


def test_a_reader_s_own_file_is_read_and_never_by_the_book(
    data: Dataset, both: Dataset, story: own.Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path / "build"))
    files = write_examples(tmp_path, story.played, ["lastfm.csv"])
    by_parameter = own.open_story(data, both, str(files[0]), seed=0, quick=True)
    monkeypatch.setenv("MUSICREC_HISTORY", str(files[0]))
    assert own.summary(own.open_story(data, both, "", seed=0, quick=True)) == own.summary(by_parameter)
    assert not by_parameter.invented and own.every_format(by_parameter).empty
    assert "MUSICREC_HISTORY" not in kernel_environment(tmp_path / "build")
    monkeypatch.delenv("MUSICREC_HISTORY")
    (tmp_path / "list.txt").write_text("\n".join(name for name in data.item_names[:3]), encoding="utf-8")
    short = own.open_story(data, both, str(tmp_path / "list.txt"), seed=0, quick=True).reader
    assert own.by_month(short).empty and own.forecast_table(short).empty
