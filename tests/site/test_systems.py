"""The glossary of systems: every system of the registry, with its source."""

import re

import numpy as np
import pytest
from numpy.typing import ArrayLike
from trial_book import ROOT

from musicrec.models import registry
from musicrec.models.base import Recommender
from musicrec.site.systems import systems_page


class Invented(Recommender):
    """Everything alike [Nobody, 1999]."""

    name = "invented"
    task = "listeners"
    reads = ("tags", "plays")

    def scores(self, users: ArrayLike) -> np.ndarray:
        return np.ones((len(np.atleast_1d(users)), self.train.n_items), np.float32)


def test_every_system_has_its_line_and_every_source_an_entry():
    page = systems_page()
    assert sorted(re.findall(r"^`([a-z0-9-]+)`$", page, re.M)) == sorted(registry.systems(None))
    entries = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    for key in re.findall(r"\{cite:p\}`([^`]+)`", page):
        assert f"{{{key}," in entries
    assert "\n: Embarrassingly shallow autoencoder {cite:p}`steck2019`. Reads listens.\n" in page


def test_a_system_registered_elsewhere_is_there_too():
    registry.register(Invented)
    try:
        page = systems_page()
    finally:
        registry.unregister("invented")
    assert "`invented`\n: Everything alike [Nobody, 1999]. Reads listens, play counts and tags.\n" in page
    assert "invented" not in systems_page()


@pytest.mark.parametrize(("task", "words"), [("listeners", False), ("ratings", True)])
def test_another_task_is_said(task: str, words: bool):
    name = next(iter(registry.systems(task)))
    line = systems_page().split(f"`{name}`\n")[1].partition("\n")[0]
    assert ("another task" in line) == words
