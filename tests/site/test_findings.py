"""What the first page and the README open with is made from score records, and nothing in it is typed."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from musicrec.scores.records import Score
from musicrec.scores.release import read_release, save_release
from musicrec.site import findings as found
from musicrec.site.notebooks import book_root


def records(**changed: float) -> list[Score]:
    values = {"combined-network": 0.08, "dot-network": 0.16, "popularity": 0.06, "hybrid": 0.24, **changed}
    scores = [Score("04", name, "lastfm-2k", False, "listeners", "ndcg@10", value) for name, value in values.items()]
    figure = ("04", "combined-network", "lastfm-2k", False, "original/spotifier", "hit rate, listeners' artists", 0.6)
    return [*scores, Score(*figure, reported=0.26)]


ABOUT = {"build": "lastfm-2k", "date": "2026-01-01", "machine": {"cores": "8", "processor": "a", "memory": "9 GiB"}}
RELEASED = [{**ABOUT, "seconds": {"04": 90.0}, "scores": records()}]


def test_a_row_holds_what_the_records_say() -> None:
    (row,) = found.findings(records())
    assert (row.story.original, row.reported, row.as_it_was, row.repaired) == ("spotifier", 0.26, 0.08, 0.16)
    assert (row.popularity, row.best, row.best_system) == (0.06, 0.24, "hybrid")
    assert "| hit rate 0.26 | NDCG@10 | 0.080 | 0.160 | 0.060 | 0.240 |" in found.markdown([row])


def test_the_sentence_follows_the_records() -> None:
    before = found.summary(found.findings(records()))
    assert "33% to 33%" in before and "67% to 67%" in before and "no better than popularity" not in before
    assert "1 of them ranked no better" in found.summary(found.findings(records(popularity=0.09)))


def test_the_figure_is_drawn_from_nothing_to_the_best() -> None:
    drawing = ET.fromstring(found.drawing(found.findings(records()), alone=True))
    dots = [float(dot.get("cx", "")) for dot in drawing.iter("{http://www.w3.org/2000/svg}circle")]
    places = [round((x - found.LEFT) / (found.RIGHT - found.LEFT), 2) for x in dots[3:]]  # after those of the legend
    assert places == [0.25, 0.33, 0.67]
    assert "as it was 0.080, repaired 0.160" in (drawing.get("aria-label") or "")


def test_a_readme_keeps_everything_but_its_findings() -> None:
    readme = f"# A\n\n{found.BEGIN}\nold\n{found.END}\n\nrest \\1\n"
    part = found.readme_part(RELEASED)
    new = found.with_findings(readme, part)
    assert new.startswith("# A\n\n") and new.endswith("\n\nrest \\1\n") and "old" not in new
    assert found.with_findings(new, part) == new
    with pytest.raises(ValueError, match="no place"):
        found.with_findings("# A", part)


def test_a_release_is_published_in_readme_and_figure(tmp_path: Path) -> None:
    assert found.publish(tmp_path) == []  # nothing is released
    save_release(tmp_path / "results", records(), ABOUT, {"04": 90.0})
    with pytest.raises(ValueError, match="no place"):
        found.publish(tmp_path)
    (tmp_path / "README.md").write_text(f"# A\n{found.BEGIN}\n{found.END}\n")
    readme, figure = found.publish(tmp_path)
    text = readme.read_text()
    assert "release 2026-01-01" in text and "2 minutes" in text and "8 cores" in text
    assert figure.read_text().startswith("<svg")


def test_lessons_are_told_of_chapters_that_are_there() -> None:
    text = found.lessons(records(), ["04_neural_network", "05_nncf"])
    assert "same order for everybody" in text  # no figure needed
    assert "accuracy" not in text  # no record of the figure it is about


def test_the_readme_and_its_figure_are_those_of_the_release() -> None:
    root = book_root()
    released = read_release(root / "results")
    if not released:
        pytest.skip("nothing is released: results/ holds no score records")
    rows = found.findings([score for record in released for score in record["scores"]])
    assert len(rows) == len(found.STORIES)
    assert found.readme_part(released) in (root / "README.md").read_text(encoding="utf-8")
    assert (root / "results" / found.FIGURE).read_text(encoding="utf-8") == found.drawing(rows, alone=True)


def test_no_number_of_a_lesson_is_typed() -> None:
    assert not any(re.search(r"\d", re.sub(r"\{.*?\}", "", text)) for text, _, _ in found.LESSONS)
