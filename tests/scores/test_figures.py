"""Finding one reported figure by its name."""

import pytest
from trial_book import score

from musicrec.scores.figures import figure_name, find_figure

SCORES = [
    score("data", 1.0, "mean play count", protocol="original/lastfm-mf", reported=1.0),
    score("mf-plain", 1.0, "test MSE", protocol="original/lastfm-mf", reported=1.0),
    score("mf-plain", 1.0, "train MSE", protocol="original/lastfm-mf", reported=1.0),
    score("data", 1.0, "users", protocol="original/spotifier", reported=1.0),
    score("data", 2.0, "users", protocol="original/lastfm-mf", reported=1.0),
    score("item-knn", 1.0, "ndcg@10"),
    score("extra", 1.0, "test MSE of ours", protocol="original/lastfm-mf"),
]


@pytest.mark.parametrize("name", ["mean play count", "Mean Play Count ", "play"])
def test_a_figure_is_found_by_its_name_or_a_part_of_it(name: str):
    assert figure_name(find_figure(name, SCORES)) == "mean play count"
    assert figure_name(find_figure("mf-plain: test mse", SCORES)) == "mf-plain: test MSE"


def test_no_choice_is_made_silently():
    with pytest.raises(LookupError, match="'MSE' may be 'mf-plain: test MSE' of lastfm-mf, 'mf-plain: train MSE'"):
        find_figure("MSE", SCORES)
    with pytest.raises(LookupError, match="'users' of spotifier, 'users' of lastfm-mf"):
        find_figure("users", SCORES)
    assert find_figure("users", SCORES, only="lastfm-mf").value == 2.0


def test_what_is_not_there_is_said():
    with pytest.raises(LookupError, match="figure called 'mean play cuont'; did you mean 'mean play count'"):
        find_figure("mean play cuont", SCORES)
    with pytest.raises(LookupError, match="figure called 'ndcg@10'"):
        find_figure("ndcg@10", SCORES)
    with pytest.raises(LookupError, match="run `musicrec reproduce` once"):
        find_figure("users", [])
