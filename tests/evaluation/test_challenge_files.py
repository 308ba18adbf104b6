"""A challenge as files: what is given, what is right, and the score of a submission."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from few_playlists import few_playlists

from musicrec.datasets.challenge_set import Cut, read_challenge_set
from musicrec.datasets.sources import DataError
from musicrec.evaluation.challenge import by_category, measure
from musicrec.evaluation.challenge_files import addresses, asked_of, cuts_of, score, write_challenge
from musicrec.evaluation.submission import read_submission, write_submission
from musicrec.splits.challenge import hold_out

LISTS = few_playlists(600)
CHALLENGE = hold_out(LISTS, 0, each=2)
ITEMS = pd.DataFrame({"name": LISTS.tracks.items, "artist": LISTS.artists.astype(str)})


def popular() -> np.ndarray:
    seen = CHALLENGE.asked.seeds.toarray() > 0
    return np.argsort(np.where(seen, 1, -CHALLENGE.train.tracks.popularity()), axis=1, kind="stable")[:, :500]


def test_a_submission_scores_as_its_lists_do(tmp_path: Path) -> None:
    paths = write_challenge(tmp_path, CHALLENGE, LISTS, ITEMS, simulated=True)
    given, answers = map(read_challenge_set, paths)
    uris = np.array(addresses(LISTS.tracks.items))
    lists = {int(pid): uris[row].tolist() for pid, row in zip(CHALLENGE.held_out.users, popular(), strict=True)}
    write_submission(tmp_path / "x.csv.gz", "team", "a@b.org", lists, given)
    table = score(read_submission(tmp_path / "x.csv.gz", given), answers, given)
    expected = by_category(measure(popular(), CHALLENGE), CHALLENGE)
    assert table.index[0] == "0 tracks" and "5 tracks, no title" in table.index
    for metric in ("r-precision", "ndcg@500", "clicks"):
        assert table.loc["all", metric] == pytest.approx(expected.loc["all", metric])
        assert table.loc["5 tracks, no title", metric] == pytest.approx(expected.loc["first 5", metric])


def test_given_and_answers_are_parts_of_one_playlist(tmp_path: Path) -> None:
    cuts = cuts_of(CHALLENGE, LISTS)
    for pid, cut in cuts.given.items():
        right = cuts.answers[pid].tracks
        assert not set(cut.tracks) & set(right) and cut.held_out == len(right)
        assert list(cut.places) == sorted(cut.places)
        own = LISTS.tracks.items[LISTS.tracks.matrix[[pid]].indices]
        assert set(cut.tracks) | set(right) == set(own)


def test_what_cannot_be_scored_is_named(tmp_path: Path) -> None:
    cuts = cuts_of(CHALLENGE, LISTS)
    found = read_submission(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="the submission is rejected"):
        score(found, cuts.answers, cuts.given)
    with pytest.raises(DataError, match="the answers hold nothing for playlist"):
        score(found._replace(problems=[]), {}, cuts.given)


def test_what_is_asked_for_is_not_learnt_from() -> None:
    cuts = cuts_of(CHALLENGE, LISTS)
    train, asked = asked_of(cuts.given, LISTS)
    np.testing.assert_array_equal(train.tracks.users, CHALLENGE.train.tracks.users)
    np.testing.assert_array_equal(asked.seeds.toarray(), CHALLENGE.asked.seeds.toarray())
    assert asked.titles.tolist() == CHALLENGE.asked.titles.tolist()
    early, _ = asked_of(cuts.given, LISTS, int(np.median(LISTS.modified_at)))
    assert len(early) < 0.6 * len(train) and early.modified_at.max() < np.median(LISTS.modified_at)
    strange = {1: Cut(1, "gym", ("spotify:track:" + "z" * 22,), (0,), 5)}
    assert asked_of(strange, LISTS)[1].seeds.nnz == 0
