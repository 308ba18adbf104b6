"""Wrong input gets one clear error, from every system alike."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from systems import build, fit, overrides

from musicrec.datasets.interactions import Interactions, history_of
from musicrec.models.checks import NotFittedError
from musicrec.models.registry import System
from musicrec.models.space import Range

GENERATOR = np.random.default_rng(0)


def test_nothing_is_answered_before_fit(system: System, listens: Interactions) -> None:
    model, history = build(system), history_of([1, 2], listens.n_items)
    asked = {
        "scores": lambda: model.scores([0]), "recommend": lambda: model.recommend([0]),
        "fold_in": lambda: model.fold_in(history), "recommend_new": lambda: model.recommend_new(history),
        "explain": lambda: model.explain(history, 0), "recommend_labels": lambda: model.recommend_labels([100]),
    }  # fmt: skip
    for ask in asked.values():
        with pytest.raises(NotFittedError, match=f"{system.name} is not fitted"):
            ask()


@pytest.mark.parametrize(
    ("train", "rng", "error", "message"),
    [
        (
            pd.DataFrame({"user": [1], "item": [2]}),
            np.random.default_rng(0),
            TypeError,
            "not DataFrame: build them with",
        ),
        (np.ones((3, 4)), GENERATOR, TypeError, "must be Interactions, not ndarray"),
        (None, GENERATOR, TypeError, "must be Interactions, not NoneType"),
        ("listens", 0, TypeError, "rng must be a generator"),
        ("listens", None, TypeError, "rng must be a generator"),
        ("listens", np.random.RandomState(0), TypeError, "rng must be a generator"),
    ],
)
def test_fit_takes_interactions_and_a_generator(
    system: System, listens: Interactions, train: Any, rng: Any, error: type[Exception], message: str
) -> None:
    model = build(system)
    with pytest.raises(error, match=message):
        model.fit(listens if isinstance(train, str) else train, rng=rng)
    with pytest.raises(NotFittedError):
        model.scores([0])


@pytest.mark.parametrize(
    ("users", "error", "message"),
    [
        ([1.7], TypeError, r"not by 1\.7"), ([1.0], TypeError, "by their number"), (["a"], TypeError, "by 'a'"),
        ([True, False], TypeError, "by True"), ([None], TypeError, "by None"), ([[0, 1]], ValueError, "must be a list"),
        ([2**63], IndexError, "is not one of the 60"), ([np.nan], TypeError, "by nan"), (60, IndexError, "user 60"),
    ],
)  # fmt: skip
def test_users_are_row_numbers(
    system: System, listens: Interactions, users: Any, error: type[Exception], message: str
) -> None:
    model = fit(system, listens)
    for ask in (model.scores, model.recommend):
        with pytest.raises(error, match=message):
            ask(users)


@pytest.mark.parametrize("k", [0, -1, 2.5, True, None, "3"])
def test_lists_have_a_length(system: System, listens: Interactions, k: Any) -> None:
    model = fit(system, listens)
    for ask in (lambda: model.recommend([0], k), lambda: model.recommend_new(listens.matrix[:1], k)):
        with pytest.raises(ValueError, match="k, the length of a list"):
            ask()


def outside(n_items: int, column: int) -> sp.csr_array:
    """A matrix with an index that is not its own, as SciPy lets pass."""
    return sp.csr_array((np.ones(1, np.float32), np.array([column]), np.array([0, 1])), shape=(1, n_items))


HISTORIES: dict[str, Any] = {
    "too narrow": lambda n: history_of([1], n - 1), "too wide": lambda n: history_of([1], n + 40),
    "index beyond": lambda n: outside(n, n + 400), "index below": lambda n: outside(n, -1),
    "not a number": lambda n: sp.csr_array(([np.nan], ([0], [1])), shape=(1, n)),
    "below zero": lambda n: sp.csr_array(([-1.0], ([0], [1])), shape=(1, n)),
    "a list of items": lambda n: [1, 2, 3], "nothing": lambda n: None, "text": lambda n: "Radiohead",
    "one dimension": lambda n: sp.csr_array(np.ones(n)),
}  # fmt: skip


@pytest.mark.parametrize("what", HISTORIES)
def test_histories_are_checked(system: System, listens: Interactions, what: str) -> None:
    model = fit(system, listens)
    for ask in (model.fold_in, model.recommend_new, lambda history: model.explain(history, 0)):
        with pytest.raises((TypeError, ValueError), match="histories"):
            ask(HISTORIES[what](listens.n_items))


def test_interactions_are_no_histories(system: System, listens: Interactions) -> None:
    with pytest.raises(TypeError, match=r"pass the \.matrix"):
        fit(system, listens).recommend_new(listens)


def test_what_is_left_out_is_of_the_same_users_and_items(system: System, listens: Interactions) -> None:
    model = fit(system, listens)
    narrow = Interactions(listens.matrix[:, :10], listens.users, listens.items[:10])
    with pytest.raises(ValueError, match="exclude are of 60 users and 10 items, but"):
        model.recommend([0], exclude=narrow)
    with pytest.raises(TypeError, match="exclude must be Interactions"):
        model.recommend([0], exclude=listens.matrix)


def test_reasons_are_for_one_history_and_an_item_there_is(system: System, listens: Interactions) -> None:
    model = fit(system, listens)
    with pytest.raises(ValueError, match="one history at a time"):
        model.explain(listens.matrix[:2], 0)
    for item, error in ((80, IndexError), (-1, IndexError), (0.5, TypeError), ("a", TypeError)):
        with pytest.raises(error, match="item"):
            model.explain(listens.matrix[:1], item)


def test_other_forms_of_a_history_are_the_same_history(system: System, listens: Interactions) -> None:
    if not overrides(system, "fold_in"):
        pytest.skip("serves only the users of its training")
    model, history = fit(system, listens), listens.matrix[[4]]
    expected = model.fold_in(history)
    unsorted = sp.csr_array((history.data[::-1].copy(), history.indices[::-1].copy(), history.indptr), history.shape)
    for same in (sp.csr_matrix(history), history.tocsc(), sp.coo_array(history), history.toarray(), unsorted):
        np.testing.assert_allclose(model.fold_in(same), expected, rtol=1e-6)


@pytest.mark.parametrize("wrong", [-3, np.nan, np.inf, "many", None])
def test_settings_are_checked_when_a_model_is_built(system: System, wrong: Any) -> None:
    for setting, values in system.space.items():
        with pytest.raises(ValueError, match=setting):
            build(system, **{setting: wrong})
        if isinstance(values, Range) and values.integer:
            with pytest.raises(ValueError, match=f"{setting} must be a whole number"):
                build(system, **{setting: 2.5})
    with pytest.raises(TypeError, match=r"colour|no settings"):
        build(system, colour=1)


def test_side_information_is_what_it_should_be(system: System, listens: Interactions) -> None:
    if not system.needs_side:
        pytest.skip("is built without")
    side: Any = listens
    with pytest.raises(TypeError, match="is built with SideInformation"):
        system.create(system.small, side).fit(listens, rng=np.random.default_rng(0))


def test_half_a_model_does_not_answer(listens: Interactions) -> None:
    """Whoever fails in training is as if never fitted, even if it was before."""
    from musicrec.models.factors.bpr import BPR

    model = BPR(dim=4, epochs=2).fit(listens, rng=np.random.default_rng(0))
    model.learning_rate = 1e6
    with pytest.raises(FloatingPointError, match="learning rate"):
        model.fit(listens, rng=np.random.default_rng(0))
    with pytest.raises(NotFittedError):
        model.recommend([0])
