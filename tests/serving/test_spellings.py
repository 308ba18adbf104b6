"""Which spellings become one entry, on listeners whose tastes are known."""

import numpy as np
import pytest
import scipy.sparse as sp

from musicrec.datasets.interactions import Interactions
from musicrec.serving import quantisation
from musicrec.serving.spellings import one_entry_each

TASTES, EACH = 8, 8
OTHERS = [f"Taste {taste} artist {i}" for taste in range(TASTES) for i in range(EACH)]


def listens(extra: dict[str, list[int]]) -> tuple[Interactions, list[str]]:
    """Ten users of each of eight tastes, each without one of its artists; and who else is heard by whom."""
    names = [*OTHERS, *extra]
    matrix = np.zeros((TASTES * 10, len(names)), np.float32)
    for user in range(len(matrix)):
        matrix[user, [user // 10 * EACH + i for i in range(EACH) if i != user % EACH]] = 1 + user
    for place, users in enumerate(extra.values(), start=len(OTHERS)):
        matrix[users, place] = 2
    return Interactions(sp.csr_array(matrix), np.arange(80), np.arange(len(names))), names


def entries(extra: dict[str, list[int]]) -> dict[str, int]:
    merged = one_entry_each(*listens(extra))
    counts = dict(zip(merged.names, merged.listens.popularity().tolist(), strict=True))
    return {name: count for name, count in counts.items() if name not in OTHERS}


def test_spellings_of_one_artist_are_one_entry_under_the_best_known() -> None:
    assert entries({"Killers": [3], "The Killers": [0, 1, 2], "the killers": [4]}) == {"The Killers": 5}
    assert entries({"Björk": [0, 1, 2], "Bjo\u0308rk": [2], "BJORK": [3]}) == {"Björk": 4}
    assert entries({"blink-182": [0, 1, 2], "Blink 182": [5], "blink‐182": [6]}) == {"blink-182": 5}
    assert entries({"Marina & the Diamonds": [0, 1], "Marina and the Diamonds": [5]}) == {"Marina & the Diamonds": 3}


def test_plays_are_added_and_columns_stay_in_order() -> None:
    train, names = listens({"Killers": [0, 3], "The Killers": [0, 1, 2]})
    merged = one_entry_each(train, names)
    assert merged.names == [*OTHERS, "The Killers"]
    assert merged.listens.items.tolist() == [*range(64), 65] and merged.entry.tolist() == [*range(64), 64, 64]
    assert merged.listens.matrix[:, [64]].toarray().ravel()[:5].tolist() == [4, 2, 2, 2, 0]
    assert (merged.listens.matrix[:, :64] != train.matrix[:, :64]).nnz == 0


def test_one_name_of_two_artists_stays_two_where_other_people_listen() -> None:
    assert entries({"The Ark": [0, 1, 2, 3], "Ark": [30, 31]}) == {"The Ark": 4, "Ark": 2}
    assert entries({"The Ark": [0, 1, 2, 3], "Ark": [8, 9]}) == {"The Ark": 6}


def test_the_same_letters_are_one_artist_only_if_the_listeners_say_so() -> None:
    assert entries({"Cold World": [0, 1, 2, 3], "ColdWorld": [30, 31]}) == {"Cold World": 4, "ColdWorld": 2}
    assert entries({"VV Brown": [0, 1, 2, 3], "V.V. Brown": [3]}) == {"VV Brown": 4}, "they have a listener in common"
    assert entries({"P!nk": [0, 1, 2], "Pink": [2, 4]}) == {"P!nk": 4}
    assert entries({"The Glove": [0, 1], "G. Love": [4]}) == {"The Glove": 2, "G. Love": 1}, "too few to say"


def test_guests_make_no_other_artist() -> None:
    assert entries({"Seether": [0, 1, 2], "Seether (Feat. Amy Lee)": [3, 4]}) == {"Seether": 5}
    assert entries({"Nobody ft. Somebody": [0, 1]}) == {"Nobody ft. Somebody": 2}
    assert entries({"B feat. A": [0], "B ft. A": [1], "B": [2]}) == {"B": 3}


@pytest.mark.parametrize("name", ["[unknown]", "Various Artists", "<none>", "Untitled"])
def test_placeholders_are_nowhere(name: str) -> None:
    train, names = listens({name: list(range(80))})
    assert entries({name: [0, 1]}) == {}
    for model in ("als", "item-knn", "ease", "popularity"):
        served = quantisation.fit(train, names, model)
        assert name not in served.names and len(served.names) == 64


def test_a_twin_of_a_liked_artist_is_never_recommended() -> None:
    train, names = listens({"The Killers": [0, 1, 2, 3], "Killers": [0, 1, 2, 5], "Blink": [0, 1, 2]})
    served = quantisation.fit(train, names, "item-knn")
    liked = [served.names.index("The Killers")]
    assert {served.names[each.artist] for each in served.recommend(liked, 50)} & {"The Killers", "Killers"} == set()
    assert "Killers" not in served.names


def test_the_data_stay_as_they_are() -> None:
    train, names = listens({"Killers": [3], "The Killers": [0, 1, 2]})
    before = train.matrix.copy()
    one_entry_each(train, names)
    assert train.n_items == 66 and (train.matrix != before).nnz == 0
    alone, same = listens({})
    assert one_entry_each(alone, same).listens is alone, "nothing to merge"
