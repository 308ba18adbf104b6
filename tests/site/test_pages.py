"""Pages no one types."""

from trial_book import dataset, run, score

from musicrec.site import pages
from musicrec.site.notebooks import Run


def test_the_leaderboard_ranks_what_this_run_measured():
    scores = [
        score("popularity", 0.06, low=0.05, high=0.07),
        score("item-knn", 0.18, low=0.17, high=0.19),
        score("item-knn", 0.25, "recall@10"),
        score("oracle", 0.9, simulated=True, dataset="simulated"),
        score("random", 0.5, quick=True),
    ]
    text = pages.leaderboard_page(scores, run())
    assert text.index("item-knn") < text.index("popularity")
    assert "0.1700 to 0.1900" in text and "oracle" not in text and "random" not in text
    assert "No chapter" in pages.leaderboard_page([], run())
    assert "**simulated data**" in pages.leaderboard_page(scores, Run(dataset("simulated", simulated=True), dataset()))


def test_the_reproduction_table_shows_every_figure_with_its_result():
    base = {"protocol": "original/lastfm-mf", "tolerance": 0.005}
    scores = [
        score("data", 745.2434, "mean play count", reported=745.24, **base),
        score("mf-plain", 15.0, "test MSE", reported=14.583439, low=14.8, high=15.2, **base),
        score("mf-plain", 14.0, "lowest test MSE", reported=13.06, near=1.0, **base),
        score("playlist-similarity", 0.2, "hit rate", protocol="original/spotifier", reported=0.166, tolerance=0.01),
    ]
    text = pages.reproduction_page(scores).replace("\N{NO-BREAK SPACE}", " ")
    rows = [line for line in text.splitlines() if line.startswith("| Rec") or line.startswith("| SPOT")]
    assert rows == [
        "| SPOTIFIER! (2018) | 1 | data not public |  |  |",
        "| Recommender Systems Assignment (2021) | 3 | 1 | 1 | 1 |",
    ]
    assert "| mean play count | 745.24 | 745.24 | ✓ reproduced |  | ±0.005 |" in text
    assert "| mf-plain: test MSE | 14.583439 | 15.000000 | ✗ differs | 14.800000 to 15.200000 | ±0.005 |" in text
    assert "| mf-plain: lowest test MSE | 13.06 | 14.00 | ≈ close [1] |  | ±0.005 |" in text
    assert "| – not comparable [1] |" in text and "\n1. measured on lastfm-2k, not the original's data\n" in text
    assert "(undated) | reported none |" in text
    assert "No chapter" in pages.reproduction_page([])


def test_a_difference_is_never_rounded_away():
    row = score("data", 1892.4, "users", protocol="original/lastfm-mf", reported=1892.0, tolerance=0.0)
    assert "| users | 1,892 | 1892.4 |" in pages.reproduction_page([row])


def test_a_simulated_build_shows_the_release_on_real_data_below_its_own():
    figure = score("data", 745.24, "mean", protocol="original/lastfm-mf", reported=745.24, tolerance=0.005)
    released = [{"date": "2026-01-02", "scores": [score("hybrid", 0.2364), figure]}]
    simulated = Run(dataset("simulated", simulated=True), dataset())
    own = score("popularity", 0.07, simulated=True, dataset="simulated")
    text = pages.leaderboard_page([own], simulated, released)
    assert text.index("popularity") < text.index("measured on the real data, release 2026-01-02") < text.index("hybrid")
    assert "hybrid" not in pages.leaderboard_page([], run(), released), "a real build shows what it measured itself"
    below = pages.reproduction_page([], simulated, released)
    assert below.startswith("No chapter") and "Measured on the real data, release 2026-01-02" in below
    assert "745.24" in below and "745.24" not in pages.reproduction_page([], run(), released)


def test_an_original_whose_data_are_public_is_told_apart_on_simulated_data():
    figure = score(
        "data", 1.0, "users", simulated=True, dataset="simulated", protocol="original/lastfm-mf", reported=1.0
    )
    assert "| 1 | simulated here |  |  |" in pages.reproduction_page([figure])
