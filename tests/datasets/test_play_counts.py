import numpy as np
import pytest

from musicrec.datasets.play_counts import clip_and_scale, outlier_cut


def test_cut_is_the_median_of_the_values_above_the_third_quartile():
    # third quartile 6.25 lies between 6 and 7; above it 7, 8, 9
    assert outlier_cut([1, 2, 3, 4, 5, 6, 7, 8, 9, 0]) == 8


def test_scale_runs_from_low_to_high_and_keeps_the_order():
    plays = np.array([3.0, 900.0, 12.0, 40_000.0, 1161.0])
    scaled = clip_and_scale(plays, cut=1161)
    assert scaled.min() == 1
    assert scaled.max() == 10
    assert scaled[3] == scaled[4] == 10
    assert scaled[1] == pytest.approx(1 + 9 * (900 - 3) / (1161 - 3))
    assert (np.diff(scaled[np.argsort(plays)]) >= 0).all()


def test_default_cut_is_outlier_cut():
    plays = np.arange(1, 101)
    assert np.array_equal(clip_and_scale(plays), clip_and_scale(plays, cut=outlier_cut(plays)))


@pytest.mark.parametrize("plays", [[], [5], [7, 7, 7]])
def test_equal_counts_have_no_cut(plays):
    with pytest.raises(ValueError, match="nothing to cut"):
        outlier_cut(plays)


def test_counts_equal_after_the_cut_have_no_scale():
    with pytest.raises(ValueError, match="no scale"):
        clip_and_scale([10, 20, 30], cut=5)
