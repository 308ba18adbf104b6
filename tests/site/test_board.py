"""The leaderboard that answers: what it is told, and what it says of it in a real browser."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from try_site import CHROMIUM, FLAGS, NO_CHROMIUM

from musicrec.datasets.dataset import Dataset, Provenance
from musicrec.datasets.interactions import Interactions
from musicrec.evaluation.ranking import Evaluation
from musicrec.evaluation.storage import save_evaluations
from musicrec.scores.records import Score
from musicrec.scores.stamps import FIELDS, digests
from musicrec.site import board
from musicrec.site.notebooks import book_root

USERS = np.arange(40)
ABOUT = Provenance("a test", "", "1", "none", "", "here", "0" * 16)


def data() -> Dataset:
    """Forty listeners of one artist each: artist 0 has 30 of them, artist 1 ten, who come first."""
    frame = pd.DataFrame({"user": USERS, "item": np.where(USERS < 10, 1, 0)})
    return Dataset("few", Interactions.from_frame(frame), pd.DataFrame({"name": ["a", "b"]}), ABOUT)


def evaluation(values: np.ndarray, coverage: float, seconds: float) -> Evaluation:
    columns = dict.fromkeys(("ndcg@10", "recall@10", "novelty@10"), values) | {"hit@10": (values > 0.25) * 1.0}
    lists = np.zeros((40, 10), np.int64)
    return Evaluation(USERS, pd.DataFrame(columns), lists, {"coverage@10": coverage}, seconds, 0.0)


SYSTEMS = {
    "ease": evaluation(np.where(USERS < 10, 0.2, 0.6), 0.1, 2.0),
    "popularity": evaluation(np.where(USERS < 10, 0.4, 0.2), 0.01, 0.1),
    "als": evaluation(np.full(40, 0.3), 0.3, 5.0),
}
LATE = "ease, with validation"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    for name, result in {**SYSTEMS, LATE: evaluation(np.full(40, 0.28), 0.3, 5.0)}.items():
        (tmp_path / "scores" / "02").mkdir(parents=True, exist_ok=True)
        save_evaluations([result, result], tmp_path / "scores" / "02" / f"{name}.npz")
    outputs = digests(tmp_path, (tmp_path / "scores" / "02").glob("*.npz"))
    (tmp_path / "executed").mkdir()
    (tmp_path / "executed" / "02.json").write_text(json.dumps({**dict.fromkeys(FIELDS), "outputs": outputs}))
    return tmp_path


def scores(*names: str) -> list[Score]:
    found = [Score("02", name, "few", False, "listeners", "ndcg@10", 0.1) for name in names or SYSTEMS]
    late = Score("02", LATE, "few", False, "listeners+valid", "ndcg@10", 0.1)
    return found if names else [*found, late]


def test_the_rows_are_those_of_the_board_best_first(build: Path) -> None:
    made = board.board(build, scores(), data())
    assert made is not None and [row["name"] for row in made["systems"]] == ["ease", "als", LATE, "popularity"]
    assert made["systems"][0]["title"] == "Linear autoencoder (EASE)"
    assert made["systems"][2]["title"] == "Linear autoencoder (EASE), with validation"
    assert made["systems"][0]["values"] == [0.5, 0.5, 0.75, 0.1, 0.5, 2.0]
    fewer = board.board(build, scores("ease", "als"), data())
    assert fewer is not None and len(fewer["systems"]) == 2
    assert board.board(build, scores("ease"), data()) is None


def test_files_that_no_execution_left_are_not_read(build: Path) -> None:
    path = build / "scores" / "02" / "als.npz"
    path.write_bytes(path.read_bytes() + b"x")
    assert board.board(build, scores(), data()) is None  # the chapter is not as it was left


@pytest.fixture
def page(build: Path, tmp_path: Path) -> Iterator:
    if not CHROMIUM:
        pytest.skip(NO_CHROMIUM)
    from playwright.sync_api import sync_playwright

    site = tmp_path / "site"
    for name in board.FILES:
        (site / "scripts").mkdir(parents=True, exist_ok=True)
        (site / "scripts" / name).write_text((book_root() / "book" / "scripts" / name).read_text())
    board.stage(site, build, scores(), data())
    html = (site / "generated" / "board.md").read_text().replace("```{raw} html", "").replace("```", "")
    (site / "index.html").write_text(f"<!doctype html><meta charset=utf-8><body>{html}</body>")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page()
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.goto((site / "index.html").as_uri())
        opened.wait_for_selector("#board:not([hidden])")
        yield opened
        browser.close()
        assert wrong == []


def names(page) -> list[str]:
    return page.locator("#board tbody code").all_inner_texts()


def test_every_column_sorts_by_mouse_and_by_keyboard(page) -> None:
    assert names(page) == ["ease", "als", LATE, "popularity"]
    page.locator("#board thead button", has_text="Coverage").click()
    assert names(page) == ["als", LATE, "ease", "popularity"]
    page.keyboard.press("Enter")  # the focus stays on the heading
    assert names(page) == ["popularity", "ease", "als", LATE]
    assert page.locator("#board thead th[aria-sort=ascending]").inner_text().startswith("Coverage")
    page.locator("#board thead button", has_text="Seconds").click()
    assert names(page) == ["popularity", "ease", "als", LATE]  # the quickest first


def test_two_systems_are_compared_on_all_and_on_some_listeners(page) -> None:
    page.select_option("#board-a", label="Linear autoencoder (EASE) (ease)")
    page.select_option("#board-b", label="Popularity (popularity)")
    said = page.locator("#board-said").inner_text()
    steps = np.where(USERS < 10, -0.2, 0.4)
    error = 1.96 * steps.std() / np.sqrt(40)
    expected = [f"+{value:.4f}" for value in (steps.mean(), steps.mean() - error, steps.mean() + error)]
    assert all(number in said for number in expected), (said, expected)
    assert "better for 30 and worse for 10" in said
    page.select_option("#board-group", label=board.GROUPS[0])  # the ten of artist 1 and four more
    assert "Of 14 listeners it is better for 4 and worse for 10" in page.locator("#board-said").inner_text()
    assert names(page)[0] == "popularity" and page.locator("#board tbody td").first.inner_text() == "0.3429"


def test_the_figure_has_the_axes_that_were_chosen(page) -> None:
    page.select_option("#board-x", label="Seconds to fit and answer")
    label = page.locator("#board-plot svg").get_attribute("aria-label")
    assert label.startswith("NDCG@10 against Seconds to fit and answer")
    dots = page.locator("#board-plot circle")
    assert dots.count() == 4
    assert float(dots.nth(1).get_attribute("cx")) == 340  # als took longest


def test_the_metric_that_is_chosen_sorts_and_is_compared(page) -> None:
    page.select_option("#board-a", label="Linear autoencoder (EASE) (ease)")
    page.select_option("#board-b", label="Popularity (popularity)")
    page.select_option("#board-metric", label="Hit@10")
    assert names(page) == ["als", LATE, "ease", "popularity"]
    assert "+0.5000 Hit@10" in page.locator("#board-said").inner_text()  # for 30 the one hits, for ten the other
    page.select_option("#board-group", label=board.GROUPS[2])  # all thirteen are of artist 0
    assert "+1.0000 Hit@10" in page.locator("#board-said").inner_text()
    assert page.locator("#board tbody tr").filter(has_text="popularity").locator("td").nth(2).inner_text() == "0.0000"
    assert "the other columns of all" in page.locator("#board").inner_text()
    assert page.locator("#board-plot svg").get_attribute("aria-label").startswith("Hit@10 against")


def test_each_protocol_can_be_seen_alone(page) -> None:
    page.select_option("#board-protocol", label="training and validation listens")
    assert names(page) == [LATE] and page.locator("#board-plot circle").count() == 1
    page.select_option("#board-protocol", label="training listens")
    assert names(page) == ["ease", "als", "popularity"]


@pytest.mark.parametrize("steps", [1, 2, 5, 15, 250])
def test_small_numbers_share_a_byte(steps: int) -> None:
    numbers = np.random.default_rng(0).integers(0, steps + 1, (3, 7))
    made = board._of_each("hit@10", numbers.astype(float), steps)
    rest = np.frombuffer(base64.b64decode(made["packed"]), np.uint8).astype(int)
    digits = np.stack([rest // (steps + 1) ** n % (steps + 1) for n in range(made["together"])], axis=1)
    np.testing.assert_array_equal(digits.ravel()[:21], numbers.ravel())
    assert len(rest) == -(-21 // made["together"])


def test_what_a_page_loads_of_forty_systems_stays_small() -> None:
    each = [
        board._of_each(name, np.zeros((41, 1892)), steps) for name, steps in (("ndcg@10", board.STEPS), ("hit@10", 5))
    ]
    assert sum(len(made["packed"]) for made in each) < 140_000  # bytes; names and columns of 41 systems take 6,000


def test_the_chapter_loads_the_same_files_from_one_folder_below(build: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name in board.FILES:
        (site / "scripts").mkdir(parents=True, exist_ok=True)
        (site / "scripts" / name).write_text("")
    below = board.stage(site, build, scores(), data())
    assert below.replace("../scripts", "scripts") == (site / "generated" / "board.md").read_text() != below
    assert board.stage(site, build, scores("ease"), data()) == ""
