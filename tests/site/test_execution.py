"""Executing chapters, on a trial book of two tiny notebooks."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pytest
from trial_book import SCORE, Recorder, chapters, run, write_notebook
from trial_book import book as book

from musicrec.files import build_dir
from musicrec.scores.records import ScoreBook, read_scores
from musicrec.site.execution import execute_all
from musicrec.site.notebooks import BookError
from musicrec.site.staleness import why_stale


def test_chapters_are_executed_once_and_leave_a_clean_copy(book: Path):
    write_notebook(book, "01_eda", "print(dataset, seed, quick)", SCORE.format("01_eda"))
    made = run(seed=3, quick=True)
    found, told = chapters(book, made), Recorder()
    execute_all(found, made, book, told)
    assert told.executed == ["01_eda", "02_baseline"] and told.ended and told.cells == told.total == 4
    text = found[0].executed.read_text(encoding="utf-8")
    assert "papermill" not in text and str(book) not in text
    cells = json.loads(text)["cells"]
    assert "lastfm-2k 3 True" in json.dumps(cells)
    assert [c["metadata"]["tags"] for c in cells if "seed = 3" in "".join(c["source"])] == [
        ["injected-parameters", "remove-cell"]
    ]
    stamp = found[0].stamp()
    assert stamp and stamp["seconds"] > 0 and stamp["cells"] == 4
    assert not list(build_dir().rglob("*.partial.ipynb")) and not list(build_dir().rglob("running/*"))
    assert set(stamp["outputs"]) == {"executed/01_eda.ipynb", "scores/01_eda.json"}

    again = Recorder()
    execute_all(found, made, book, again)
    assert again.executed == [] and set(again.notes.values()) == {"up to date"}


def test_a_failing_notebook_is_named_and_finished_chapters_stay(book: Path):
    write_notebook(book, "02_baseline", SCORE.format("02_baseline"), "x = 1\nraise KeyError('no such artist')")
    first, second = chapters(book)
    with pytest.raises(BookError) as caught:
        execute_all([first, second], run(), book, Recorder())
    message = str(caught.value)
    assert "02_baseline.ipynb failed in cell" in message and "KeyError: 'no such artist'" in message
    partial = Path(message.rpartition(" ")[2])
    assert partial.exists() and "no such artist" in partial.read_text()
    assert first.stamp() and not second.stamp() and not second.executed.exists()

    write_notebook(book, "02_baseline")  # repaired: the first is not executed again
    told = Recorder()
    execute_all([first, second], run(), book, told)
    assert told.executed == ["02_baseline"] and second.stamp() and not partial.exists()


def test_a_dead_kernel_and_missing_scores_are_errors(book: Path):
    write_notebook(book, "01_eda", "import os\nos._exit(1)")
    write_notebook(book, "02_baseline", "1 + 1")
    first, second = chapters(book)
    with pytest.raises(BookError, match=r"01_eda\.ipynb: Kernel died"):
        execute_all([first], run(), book, Recorder())
    with pytest.raises(BookError, match=r"02_baseline\.ipynb ran to the end but wrote no scores"):
        execute_all([second], run(), book, Recorder())
    assert not first.stamp() and not second.stamp()


def test_what_reads_the_scores_of_others_runs_last_and_again_when_they_change(book: Path):
    listed = "from musicrec.files import build_dir\nprint(sorted(p.name for p in (build_dir() / 'scores').iterdir()))"
    write_notebook(book, "01_eda", listed, SCORE.format("01_eda"), reads_scores=True)
    reader, other = chapters(book)
    told = Recorder()
    execute_all([reader, other], run(), book, told, jobs=2)
    assert told.executed == ["02_baseline", "01_eda"]
    assert "['02_baseline.json']" in reader.executed.read_text()
    assert why_stale(reader, run(), book) == ""

    write_notebook(book, "02_baseline", SCORE.format("02_baseline").replace("'[]'", "'[ ]'"))
    again = Recorder()
    execute_all([reader, other], run(), book, again, jobs=2)
    assert again.executed == ["02_baseline", "01_eda"] and again.whys["01_eda"] == "changed: scores"


MEASURE = """
import numpy as np
from trial_book import dataset
from musicrec.scores.records import ScoreBook
scores = ScoreBook("02_baseline", dataset()).add("item-knn", "ndcg@10", 0.187)
(scores.path.parent / "02_baseline").mkdir()
np.savez(scores.path.parent / "02_baseline" / "item-knn.npz", lists=np.arange(3))
"""


def test_only_the_book_writes_the_scores_of_the_book(book: Path):
    write_notebook(book, "02_baseline", MEASURE)
    _, chapter = chapters(book)
    execute_all([chapter], run(), book, Recorder())
    arrays = chapter.arrays_path / "item-knn.npz"
    assert [s.value for s in read_scores(run().folder)] == [0.187] and arrays.exists()

    from trial_book import dataset

    with pytest.warns(UserWarning, match=r"no execution by `musicrec book`: scores go to .*scratch"):
        ScoreBook("02_baseline", dataset()).add("item-knn", "ndcg@10", 0.99)
    assert [s.value for s in read_scores(run().folder)] == [0.187] and why_stale(chapter, run(), book) == ""

    for path in (chapter.scores_path, arrays, chapter.executed):
        before, name = path.read_bytes(), path.relative_to(chapter.folder).as_posix()
        path.write_bytes(before + b" ")
        assert why_stale(chapter, run(), book) == f"not as the book wrote it: {name}"
        assert read_scores(run().folder) == [], "what is foreign is nobody's score"
        path.write_bytes(before)
        assert why_stale(chapter, run(), book) == ""
    chapter.scores_path.write_text(chapter.scores_path.read_text().replace("0.187", "0.999"))
    (chapter.arrays_path / "foreign.npz").write_bytes(b"other")
    told = Recorder()
    execute_all([chapter], run(), book, told)
    assert told.executed == ["02_baseline"] and [s.value for s in read_scores(run().folder)] == [0.187]
    assert np.load(arrays)["lists"].tolist() == [0, 1, 2] and len(list(chapter.arrays_path.iterdir())) == 1
    arrays.unlink()
    assert chapter.stamp() is None


def test_a_chapter_that_fails_later_leaves_what_it_had(book: Path):
    write_notebook(book, "02_baseline", MEASURE)
    _, chapter = chapters(book)
    execute_all([chapter], run(), book, Recorder())
    write_notebook(book, "02_baseline", MEASURE.replace("0.187", "0.5"), "raise KeyError('late')")
    with pytest.raises(BookError, match="late"):
        execute_all([chapter], run(), book, Recorder())
    assert [s.value for s in read_scores(run().folder)] == [0.187]
    assert why_stale(chapter, run(), book) == "changed: notebook" and not list(build_dir().rglob("running/*"))


def test_results_of_chapters_that_are_gone_go_too(book: Path):
    write_notebook(book, "02_baseline", MEASURE)
    first, second = chapters(book)
    execute_all([first, second], run(), book, Recorder())
    (run().folder / "scores" / "99_foreign.json").write_text("[]")
    toc = book / "_toc.yml"
    toc.write_text(toc.read_text().replace("  - file: notebooks/02_baseline\n", ""))
    told = Recorder()
    execute_all(chapters(book), run(), book, told)
    assert told.executed == [] and told.notes == {"01_eda": "up to date"}
    left = sorted(p.relative_to(run().folder).as_posix() for p in run().folder.rglob("*") if "ipython" not in p.parts)
    assert left == [".lock", "about.json", "executed", "executed/01_eda.ipynb", "executed/01_eda.json", "scores",
                    "scores/01_eda.json"]  # fmt: skip


def test_scores_under_another_name_are_refused(book: Path):
    write_notebook(book, "02_baseline", SCORE.format("02_baseline"), SCORE.format("01_eda"))
    with pytest.raises(BookError, match=r"02_baseline\.ipynb records scores under another name \(01_eda\.json\)"):
        execute_all(chapters(book)[1:], run(), book, Recorder())


def test_a_notebook_without_kernel_or_language_is_executed(book: Path):
    path = write_notebook(book, "01_eda")
    text = json.loads(path.read_text())
    text["metadata"] = {"musicrec": {"originals": []}}
    path.write_text(json.dumps(text))
    chapter = chapters(book)[0]
    execute_all([chapter], run(), book, Recorder())
    assert nbformat.read(chapter.executed, as_version=4).metadata.kernelspec.name == "python3"


def test_other_modes_do_not_touch_each_others_results(book: Path):
    execute_all(chapters(book), run(), book, Recorder())
    quick, told = run(quick=True), Recorder()
    execute_all(chapters(book, quick), quick, book, told)
    assert told.executed == ["01_eda", "02_baseline"]
    again = Recorder()
    execute_all(chapters(book), run(), book, again)
    assert again.executed == [] and set(again.seconds or {}) == {"01_eda", "02_baseline"}
