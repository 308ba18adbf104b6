"""Executing chapters and building the site, on a trial book of two tiny notebooks."""

import dataclasses
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from rich.console import Console
from trial_book import FIGURE, ROOT, SCORE, Recorder, dataset, html_output, pretend, run, write_notebook
from trial_book import book as book

from musicrec import code_digest, progress
from musicrec.code_digest import code_closure
from musicrec.files import build_dir
from musicrec.scores.records import Score, ScoreBook, read_scores
from musicrec.site import build, checks, execution, notebooks, pages, provenance, reference, server, staleness
from musicrec.site.execution import execute_all
from musicrec.site.formulas import to_mathml
from musicrec.site.notebooks import BookError, Run, find_chapters
from musicrec.site.staleness import why_stale

# --- which chapters there are ---------------------------------------------------------------------------------------


def test_chapters_come_in_the_order_of_the_table_of_contents(book: Path):
    assert [c.name for c in find_chapters(book)] == ["01_eda", "02_baseline"]


@pytest.mark.parametrize("name", ["2", "02", "baseline", "02_baseline", "notebooks/02_baseline.ipynb"])
def test_one_chapter_can_be_named_in_many_ways(book: Path, name: str):
    assert [c.name for c in find_chapters(book, name)] == ["02_baseline"]


def test_the_books_own_contents_name_only_what_is_there():
    pages_ = {p.stem for p in (ROOT / "book").glob("*.md")} | {"provenance"}
    pages_ |= {place.rpartition(".")[0] for place in reference.pages()}
    for file in notebooks.toc_files(ROOT):
        assert (ROOT / f"{file}.ipynb").exists() if file.startswith("notebooks/") else file in pages_


def test_what_is_wrong_with_a_chapter_is_said(book: Path):
    path = book / "notebooks" / "02_baseline.ipynb"
    with pytest.raises(BookError, match="'7'; choose from 01_eda, 02_baseline"):
        find_chapters(book, "7")
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    with pytest.raises(BookError, match="no cell tagged `parameters`"):
        find_chapters(book)
    write_notebook(book, "02_baseline", originals=("nobody",))
    with pytest.raises(BookError, match="names nobody; known: spotifier"):
        find_chapters(book)
    path.write_text("[]")
    with pytest.raises(BookError, match="is not a notebook"):
        find_chapters(book)
    path.unlink()
    with pytest.raises(BookError, match=r"there is no .*02_baseline\.ipynb"):
        find_chapters(book)


def test_outside_the_book_the_message_says_where_to_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BookError, match="is not inside the book"):
        notebooks.book_root()


# --- what a chapter depends on --------------------------------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    files = {
        "__init__.py": "",
        "a.py": "from pkg.sub import b\n",
        "sub/__init__.py": "from . import shared\n",
        "sub/b.py": "def f():\n    from ..c import x\n",
        "sub/shared.py": "import numpy\n",
        "c.py": "import pkg.d as d\n",
        "d.py": "x = 1\n",
        "other.py": "from pkg import a\n",
    }
    for name, text in files.items():
        path = tmp_path / "pkg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "pkg"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import numpy", []),
        ("import pkg.d", ["__init__.py", "d.py"]),
        ("from pkg import d", ["__init__.py", "d.py"]),
        ("from pkg.d import x", ["__init__.py", "d.py"]),
        ("from pkg.a import whatever",
         ["__init__.py", "a.py", "c.py", "d.py", "sub/__init__.py", "sub/b.py", "sub/shared.py"]),
        ("from pkg.sub import nothing", ["__init__.py", "sub/__init__.py", "sub/shared.py"]),
    ],
)  # fmt: skip
def test_closure_follows_every_kind_of_import(package: Path, source: str, expected: list[str]):
    assert [p.relative_to(package).as_posix() for p in code_closure([source], package)] == expected


def test_no_chapter_depends_on_how_the_book_is_published():
    found = {p for path in (ROOT / "notebooks").glob("*.ipynb") for p in code_closure(staleness.python_cells(path))}
    assert not [path for path in found if path.relative_to(code_digest.SOURCE).parts[0] in ("cli", "site")]
    assert "dataset.py" in {p.name for p in code_closure(["from musicrec.scores.records import ScoreBook"])}


def test_a_chapter_is_stale_when_anything_it_depends_on_changes_and_only_then(
    book: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = find_chapters(book)
    write_notebook(book, "02_baseline", "from musicrec.models.baselines import popularity", SCORE.format("02_baseline"))
    for chapter in (first, second):
        assert why_stale(chapter, run(), book) == "never executed"
        pretend(chapter, run(), book)
        assert why_stale(chapter, run(), book) == ""
    assert why_stale(first, run(quick=True), book) == "changed: parameters"
    assert why_stale(first, Run(dataset(fingerprint="f" * 16), dataset("spotify-songs")), book) == "changed: data"
    other_songs = Run(dataset(), dataset("spotify-songs", fingerprint="f" * 16))
    assert why_stale(first, other_songs, book) == "", "a chapter without songs does not depend on them"

    with_playlists = dataclasses.replace(run(), playlists=dataset("mpd"))
    assert why_stale(first, with_playlists, book) == "", "nor one without playlists on them"
    write_notebook(book, "01_eda", 'from musicrec import datasets\ndatasets.load("mpd")', SCORE.format("01_eda"))
    pretend(first, run(), book)
    assert why_stale(first, with_playlists, book) == "changed: data"
    write_notebook(book, "01_eda")
    pretend(first, run(), book)

    fake = book / "musicrec"
    shutil.copytree(code_digest.SOURCE, fake)
    monkeypatch.setattr(code_digest, "SOURCE", fake)
    (fake / "models" / "baselines" / "popularity.py").write_text("changed = True\n")
    assert (why_stale(first, run(), book), why_stale(second, run(), book)) == ("", "changed: code")

    notebook = nbformat.read(first.path, as_version=4)
    notebook.cells[-1].outputs = []
    notebook.cells[-1].metadata["collapsed"] = True
    nbformat.write(notebook, first.path)
    assert why_stale(first, run(), book) == "", "how an editor saves a notebook is no change"
    notebook.cells[0].source += " more"
    nbformat.write(notebook, first.path)
    assert why_stale(first, run(), book) == "changed: notebook"
    (book / "requirements.lock").write_text("numpy==1\n")
    assert why_stale(second, run(), book) == "changed: code, environment"
    second.scores_path.unlink()
    assert why_stale(second, run(), book) == "never executed"


# --- executing ------------------------------------------------------------------------------------------------------


def test_chapters_are_executed_once_and_leave_a_clean_copy(book: Path):
    write_notebook(book, "01_eda", "print(dataset, seed, quick)", SCORE.format("01_eda"))
    found, told = find_chapters(book), Recorder()
    execute_all(found, run(seed=3, quick=True), book, told)
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
    assert not list(build_dir().rglob("*.partial.ipynb"))

    again = Recorder()
    execute_all(found, run(seed=3, quick=True), book, again)
    assert again.executed == [] and set(again.notes.values()) == {"up to date"}


def test_a_failing_notebook_is_named_and_finished_chapters_stay(book: Path):
    write_notebook(book, "02_baseline", SCORE.format("02_baseline"), "x = 1\nraise KeyError('no such artist')")
    first, second = find_chapters(book)
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
    first, second = find_chapters(book)
    with pytest.raises(BookError, match=r"01_eda\.ipynb: Kernel died"):
        execute_all([first], run(), book, Recorder())
    with pytest.raises(BookError, match=r"02_baseline\.ipynb ran to the end but wrote no scores"):
        execute_all([second], run(), book, Recorder())
    assert not first.stamp() and not second.stamp()


def test_a_cell_that_is_not_python_is_named(book: Path):
    write_notebook(book, "01_eda", "def broken(:")
    with pytest.raises(BookError, match="a cell is not valid Python"):
        staleness.inputs(find_chapters(book)[0], run(), book)
    write_notebook(book, "01_eda", "%matplotlib inline\n!true\nx = 1")
    staleness.inputs(find_chapters(book)[0], run(), book)


# --- several at a time ----------------------------------------------------------------------------------------------

MEET = """
import os, time
from pathlib import Path
Path("{me}.here").touch()
while not Path("{other}.here").exists():
    time.sleep(0.02)
print("threads", os.environ["TF_NUM_INTRAOP_THREADS"], os.environ["OMP_NUM_THREADS"])
"""
BUSY = """
import os, signal, time
from musicrec.files import whole
from musicrec.files import build_dir
{first}
with whole(build_dir() / "half.txt") as file:
    file.write("half")
    with whole("{me}.pid") as pid:
        pid.write(str(os.getpid()))
    time.sleep(100)
"""


def kernel_of(folder: Path, name: str) -> int:
    """Wait until the kernel of a busy chapter has said which process it is."""
    path = folder / "notebooks" / f"{name}.pid"
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{name} did not begin"
        time.sleep(0.05)
    return int(path.read_text())


def assert_nothing_is_left(book: Path, *pids: int) -> None:
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    left = [path.name for path in (book / "build").rglob("*") if "half" in path.name or "partial" in path.name]
    assert left == [], "half-written"


def test_two_chapters_run_at_the_same_time_and_share_the_cores(book: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")  # what the user says holds
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for me, other in (("01_eda", "02_baseline"), ("02_baseline", "01_eda")):
        write_notebook(book, me, MEET.format(me=me, other=other), SCORE.format(me))
    found, told = find_chapters(book), Recorder()
    execute_all(found, run(), book, told, jobs=2)  # neither would end without the other
    assert sorted(told.executed) == ["01_eda", "02_baseline"] and all(chapter.stamp() for chapter in found)
    assert all("threads 4 7" in chapter.executed.read_text() for chapter in found)


def test_what_reads_the_scores_of_others_runs_last_and_again_when_they_change(book: Path):
    listed = "from musicrec.files import build_dir\nprint(sorted(p.name for p in (build_dir() / 'scores').iterdir()))"
    write_notebook(book, "01_eda", listed, SCORE.format("01_eda"), reads_scores=True)
    reader, other = find_chapters(book)
    told = Recorder()
    execute_all([reader, other], run(), book, told, jobs=2)
    assert told.executed == ["02_baseline", "01_eda"]
    assert "['02_baseline.json']" in reader.executed.read_text()
    assert why_stale(reader, run(), book) == ""

    other.scores_path.write_text("[ ]")
    assert why_stale(reader, run(), book) == "changed: scores" and why_stale(other, run(), book) == ""
    again = Recorder()
    execute_all([reader, other], run(), book, again, jobs=2)
    assert again.executed == ["01_eda"] and again.notes["02_baseline"] == "up to date"


def test_a_failing_chapter_stops_the_others_even_stubborn_ones(book: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(execution, "PATIENCE", 1.0)
    wait = "import time\nfrom pathlib import Path\nwhile not Path('02_baseline.pid').exists(): time.sleep(0.05)\n"
    write_notebook(book, "01_eda", wait + "raise KeyError('no such artist')")
    deaf = BUSY.format(me="02_baseline", first="signal.signal(signal.SIGINT, signal.SIG_IGN)")
    write_notebook(book, "02_baseline", SCORE.format("02_baseline"), deaf.replace("half.txt", "02.txt"))
    (first, second), told = find_chapters(book), Recorder()
    start = time.monotonic()
    with pytest.raises(BookError, match=r"01_eda\.ipynb failed in cell"):
        execute_all([first, second], run(), book, told, jobs=2)
    assert time.monotonic() - start < 50, "it does not wait for the end of the other"
    assert told.notes == {"02_baseline": "stopped before its end"} and told.ended
    assert not psutil.pid_exists(kernel_of(book, "02_baseline"))
    assert not first.stamp() and not second.stamp() and not second.scores_path.exists()
    assert [path.name for path in (book / "build").rglob("*.partial.ipynb")] == ["01_eda.partial.ipynb"]


@pytest.mark.skipif(sys.platform == "win32", reason="no process groups")
def test_ctrl_c_leaves_neither_half_written_files_nor_processes(book: Path):
    for name in ("01_eda", "02_baseline"):
        write_notebook(book, name, SCORE.format(name), BUSY.format(me=name, first=""))
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # `pytest &` would ignore it
        "from pathlib import Path; from trial_book import Recorder, run; from musicrec.chapters import find_chapters\n"
        "from musicrec.execution import execute_all\n"
        "book = Path.cwd(); execute_all(find_chapters(book), run(), book, Recorder(), jobs=2)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=book, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        pids = [kernel_of(book, name) for name in ("01_eda", "02_baseline")]
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "KeyboardInterrupt" in errors.splitlines()[-1]
    assert_nothing_is_left(book, *pids)
    assert not [chapter for chapter in find_chapters(book) if chapter.stamp() or chapter.scores_path.exists()]


def test_the_lines_of_chapters_that_run_together_can_be_told_apart(monkeypatch: pytest.MonkeyPatch):
    lines: list[str] = []
    for console in (Console(file=io.StringIO()), Console(file=io.StringIO(), force_terminal=True)):
        told = progress.progress_on(console)
        monkeypatch.setattr(progress, "EVERY", -1.0)
        told.begin(["01_eda", "02_baseline"])
        told.chapter("01_eda", 3, "never executed")
        told.chapter("02_baseline", 4, "changed: code")
        told.cell("02_baseline")
        told.cell("01_eda")
        told.done("02_baseline", "9 s")
        told.done("01_eda", "12 s")
        told.end()
        lines.append(console.file.getvalue())  # type: ignore[attr-defined]
    plain = lines[0].splitlines()
    assert plain[:4] == [
        "[1/2] 01_eda: executing 3 cells (never executed)",
        "[2/2] 02_baseline: executing 4 cells (changed: code)",
        "[2/2] 02_baseline: cell 1 of 4",
        "[1/2] 01_eda: cell 1 of 3",
    ]
    assert plain[4].startswith("[2/2] 02_baseline: 9 s, ") and plain[5].startswith("[1/2] 01_eda: 12 s, ")
    assert "02_baseline: 9 s" in lines[1] and "2/2" in lines[1]


# --- what may be published ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ({"output_type": "error", "ename": "E", "evalue": "", "traceback": []}, "shows a traceback"),
        ({"output_type": "stream", "name": "stdout", "text": "Traceback (most recent call last):\n"}, "a traceback"),
        ({"output_type": "display_data", "data": {"application/pdf": "x"}, "metadata": {}}, "no page can show"),
        ({"output_type": "display_data", "metadata": {},
          "data": {"application/vnd.plotly.v1+json": {}, "text/plain": "Figure"}}, "would be lost"),
        (html_output(FIGURE.format(" ")), "without a label"),
    ],
)  # fmt: skip
def test_an_output_that_must_not_be_published_is_refused(book: Path, output: dict, message: str):
    chapter = find_chapters(book)[0]
    pretend(chapter, run(), book, output)
    with pytest.raises(BookError, match=f"01_eda.ipynb, cell 3.*{message}"):
        checks.check_notebook(chapter)


def test_figures_are_counted_and_what_goes_to_the_error_stream_is_told(book: Path):
    chapter = find_chapters(book)[0]
    stderr = {"output_type": "stream", "name": "stderr", "text": "FutureWarning: soon\n"}
    image = {"output_type": "display_data", "data": {"image/png": "AAAA", "text/plain": "x"}, "metadata": {}}
    pretend(chapter, run(), book, stderr, image, html_output(FIGURE.format("one") + FIGURE.format("two")))
    figures, warnings = checks.check_notebook(chapter)
    assert figures == ["", "one", "two"]
    assert warnings == ["01_eda.ipynb, cell 3 wrote to its error stream: FutureWarning: soon"]


def test_a_figure_missing_from_the_page_is_an_error(book: Path):
    chapter, page = find_chapters(book)[0], book / "page.html"
    pretend(chapter, run(), book, html_output(FIGURE.format("A &amp; B") * 2))
    page.write_text(FIGURE.format("A &amp; B") * 2)
    checks.check_page(chapter, page)
    page.write_text(FIGURE.format("A &amp; B"))
    with pytest.raises(BookError, match="the figure 'A & B' is lost"):
        checks.check_page(chapter, page)


# --- the site -------------------------------------------------------------------------------------------------------


def test_the_site_is_built_once_and_a_bad_page_leaves_it_as_it_was(book: Path):
    figure = html_output(FIGURE.format("A rising line"))
    for chapter in find_chapters(book):
        pretend(chapter, run(), book, figure)
    said: list[str] = []
    site = build.build_site(book, run(), said.append)
    assert site.rebuilt and site.figures == 2 and site.index == book / "build" / "html" / "index.html"
    index = site.index.read_text(encoding="utf-8")
    assert "bd-header-announcement" not in index
    assert "<math" in (site.index.parent / "protocol.html").read_text(encoding="utf-8")
    assert (site.index.parent / "_sources" / "notebooks" / "01_eda.ipynb").exists(), "for the download button"
    assert (site.index.parent / "vendor/d3/d3.min.js").exists() and "d3.min.js" not in index, "for who asks"
    assert not build.build_site(book, run(), said.append).rebuilt

    (book / "book" / "glossary.md").write_text("# Glossary\n\n{doc}`nowhere`\n", encoding="utf-8")
    with pytest.raises(BookError, match=r"(?s)could not be built.*glossary\.md.*nowhere"):
        build.build_site(book, run(), said.append)
    assert site.index.read_text(encoding="utf-8") == index and not list((book / "build").glob(".site-*"))


@pytest.mark.parametrize(
    ("simulated", "quick", "words"),
    [
        (False, False, []),
        (True, False, ["Simulated data"]),
        (False, True, ["Quick run"]),
        (True, True, ["Simulated data", "Quick run"]),
    ],
)
def test_the_banner_says_what_the_numbers_are_worth(simulated: bool, quick: bool, words: list[str]):
    made = Run(dataset("simulated", simulated=True) if simulated else dataset(), dataset("spotify-songs"), quick=quick)
    settings = {"html": {}, "launch_buttons": {}, "repository": {}}
    banner = build.run_config(settings, made, ROOT)["html"].get("announcement", "")
    assert bool(banner) == bool(words) and all(word in banner for word in words)
    assert [w.lower() for w in words] == ([part for part in made.label.split(", ") if part])
    assert settings["html"] == {}, "the settings it was given stay as they are"


def test_buttons_lead_to_the_repository_only_where_it_is_known(book: Path, monkeypatch: pytest.MonkeyPatch):
    settings = {"html": {}, "launch_buttons": {}, "repository": {}}
    assert "use_repository_button" not in build.run_config(settings, run(), book)["html"]
    monkeypatch.setenv("GITHUB_REPOSITORY", "someone/musicrec")
    config = build.run_config(settings, run(), book)
    assert config["repository"]["url"] == "https://github.com/someone/musicrec"
    assert config["html"]["use_repository_button"] and config["launch_buttons"]["binderhub_url"]


def test_a_chapter_that_was_not_executed_or_is_old_says_so_on_its_page(book: Path):
    first, second = find_chapters(book)
    pretend(first, run(), book)
    build.stage(book, book / "staged", run(quick=True), [first, second])
    assert "is older than the rest (changed: parameters)" in (book / "staged/notebooks/01_eda.ipynb").read_text()
    assert "has not been executed in this build" in (book / "staged/notebooks/02_baseline.ipynb").read_text()
    build.stage(book, book / "staged", run(), [first, second])
    assert "older" not in (book / "staged/notebooks/01_eda.ipynb").read_text()


def test_serving_needs_a_site_and_a_free_port(book: Path):
    with pytest.raises(BookError, match="there is no site"):
        server.serve_site(0, print)
    (book / "build" / "html").mkdir(parents=True)
    (book / "build" / "html" / "index.html").write_text("hello")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BookError, match="choose another with --port"):
        server.serve_site(taken.getsockname()[1], print)


# --- generated pages ------------------------------------------------------------------------------------------------


def score(system: str, value: float, metric: str = "ndcg@10", **more: object) -> Score:
    base = Score("02_baseline", system, "lastfm-2k", False, "listeners", metric, value)
    return dataclasses.replace(base, **more)


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
        score("playlist-similarity", 0.2, "hit rate", protocol="original/spotifier", reported=0.166, tolerance=0.01),
    ]
    text = pages.reproduction_page(scores).replace("\N{NO-BREAK SPACE}", " ")
    rows = [line for line in text.splitlines() if line.startswith("| Rec") or line.startswith("| SPOT")]
    assert rows == [
        "| SPOTIFIER! (2018) | `spotifier` | 1 | 0 | 0 | 1 |",
        "| Recommender Systems Assignment (2021) | `lastfm-mf` | 2 | 1 | 1 | 0 |",
    ]
    assert "| mean play count | 745.24 | 745.24 | ✓ reproduced |  | ±0.005 |" in text
    assert "| mf-plain: test MSE | 14.583439 | 15.000000 | ✗ differs | 14.800000 to 15.200000 | ±0.005 |" in text
    assert "| – not comparable [1] |" in text and "\n1. measured on lastfm-2k, not the original's data\n" in text
    assert "No chapter" in pages.reproduction_page([])


def test_a_difference_is_never_rounded_away():
    row = score("data", 1892.4, "users", protocol="original/lastfm-mf", reported=1892.0, tolerance=0.0)
    assert "| users | 1,892 | 1892.4 |" in pages.reproduction_page([row])


def test_provenance_says_what_the_book_was_made_from(book: Path):
    found = find_chapters(book)
    pretend(found[0], run(), book)
    text = provenance.provenance_page(run(), found, book)
    for expected in ("0123456789abcdef", "A \\| B", "free", "not a git checkout", "numpy", "1.5", "never executed"):
        assert expected in text


def test_scores_of_chapters_that_are_gone_are_not_shown(book: Path):
    ScoreBook("99_gone", dataset()).add("popularity", "ndcg@10", 0.5)
    ScoreBook("01_eda", dataset()).add("item-knn", "ndcg@10", 0.2)
    build.stage(book, book / "staged", run(), find_chapters(book))
    board = (book / "staged" / "generated" / "leaderboard.md").read_text()
    assert "item-knn" in board and "popularity" not in board and len(read_scores()) == 2


# --- formulas -------------------------------------------------------------------------------------------------------


def test_formulas_become_mathml_or_an_error():
    assert "<mtable>" in to_mathml(r"\begin{aligned} a &= b \\ c &= d \end{aligned}")
    assert "<mtext>NDCG</mtext>" in to_mathml(r"\mathrm{NDCG}")
    assert 'alttext="a &lt; b"' in to_mathml("a < b")
    with pytest.raises(ValueError, match=r"uses \\foo"):
        to_mathml(r"\foo")
    with pytest.raises(ValueError, match="cannot be read"):
        to_mathml(r"\left( a")
