"""The map of artists: its data and its figure."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from artist_world import world

from musicrec.page import artist_map


def test_the_best_known_come_first_and_everything_refers_to_the_new_order():
    names, listeners = ["few", "many"], [3, 9]
    layout = np.float32([[0, 0], [4, 2]])
    tags = sp.csr_array(np.float32([[1, 5], [2, 0]]))
    labels, named = np.array([0, -1]), pd.DataFrame({"name": ["rock"]})
    data = artist_map.map_data(
        names, listeners, layout, [(labels, named)] * 2, tags, ["a", "b"], np.array([[1], [0]]), label="Map"
    )
    assert data["names"] == ["many", "few"] and data["listeners"] == [9, 3]
    assert (data["x"], data["y"]) == ([10_000, 0], [0, 5_000]), "screens count downwards"
    assert (data["width"], data["height"]) == (10_000, 5_000)
    assert [[data["tagNames"][tag] for tag in row] for row in data["tags"]] == [["a"], ["b", "a"]]
    assert data["near"] == [[1], [0]]
    assert data["levels"][0]["of"] == [-1, 0] and data["colours"] == [-1, 5]


def test_parts_that_do_not_fit_together_are_refused():
    level = (np.zeros(2, np.int64), pd.DataFrame({"name": ["rock"]}))
    rest = ([level, level], sp.csr_array((2, 1)), ["a"], np.array([[1], [0]]))
    with pytest.raises(ValueError, match="2 names, but layout of 3 artists"):
        artist_map.map_data(["a", "b"], [1, 2], np.zeros((3, 2), np.float32), *rest, label="Map")
    with pytest.raises(ValueError, match="is not a number"):
        artist_map.map_data(["a", "b"], [1, 2], np.float32([[0, np.nan], [1, 1]]), *rest, label="Map")


def test_the_executed_notebook_keeps_the_data_and_leads_to_the_page(capsys, monkeypatch):
    shown = []
    monkeypatch.setattr(artist_map, "display", lambda data, **_: shown.append(data))
    artist_map.show_map(world())
    assert shown[0][artist_map.MIME] == world() and 'href="../map.html"' in shown[0]["text/html"]


def test_the_same_colour_means_the_same_direction():
    hues = artist_map.hues_by_direction(np.array([(3, 0), (7, 0), (0, 4), (-2, -2)]), 12)
    assert hues[0] == hues[1] and len(set(hues.tolist())) == 3


def test_the_same_map_is_a_figure_too():
    ax = artist_map.draw_map(world(), title="Artists")
    assert len(ax.collections[0].get_offsets()) == 60 and {t.get_text() for t in ax.texts} == {
        "art <i>pop</i>", "elsewhere"
    }  # fmt: skip
    plt.close(ax.figure)
