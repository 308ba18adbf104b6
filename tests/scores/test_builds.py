"""The builds of the book: which are there, and which one is meant."""

from pathlib import Path

import pytest
from trial_book import book as book

from musicrec.scores.builds import EXECUTION, Build, builds, choose_build, current_build, read_build, writing_folder


@pytest.fixture
def four(book: Path) -> Path:
    """Builds of every kind, the simulated and quick ones made last."""
    made = [("lastfm-2k", False, False), ("lastfm-2k", False, True), ("simulated", True, False)]
    for moment, (name, simulated, quick) in enumerate([*made, ("simulated-small", True, True)], 1):
        folder = book / "build" / (name + "-quick" * quick)
        Build(folder, name, simulated, quick=quick, begun=moment).write()
        (folder / "html").mkdir()
        (folder / "html" / "index.html").write_text("")
    (book / "build" / "models").mkdir()
    return book / "build"


def test_a_reader_who_names_none_means_the_last_real_one(four: Path):
    assert [b.folder.name for b in builds()] == ["lastfm-2k", "lastfm-2k-quick", "simulated", "simulated-small-quick"]
    assert choose_build().folder.name == choose_build("auto").folder.name == "lastfm-2k"
    Build(four / "lastfm-2k-seed-1", "lastfm-2k", False, seed=1, begun=9).write()
    assert choose_build().folder.name == "lastfm-2k-seed-1"
    assert choose_build(site=True).folder.name == "lastfm-2k", "the other has no site"
    Build(four / "playlists", "playlists", False, begun=10).write()
    assert choose_build().folder.name == "lastfm-2k-seed-1", "the book is about listeners"
    assert choose_build("playlists").folder.name == builds()[-1].folder.name == "playlists"


@pytest.mark.parametrize(
    ("dataset", "quick", "name"),
    [
        ("lastfm-2k", False, "lastfm-2k"),
        ("lastfm-2k", True, "lastfm-2k-quick"),
        ("simulated-small", False, "simulated-small-quick"),
        (None, True, "lastfm-2k-quick"),
    ],
)
def test_one_can_be_named(four: Path, dataset: str | None, quick: bool, name: str):
    assert choose_build(dataset, quick=quick).folder.name == name


def test_what_is_missing_is_said_with_what_is_there(four: Path):
    with pytest.raises(LookupError, match=r"there is not a quick build of simulated in .*; there is lastfm-2k, lastfm"):
        choose_build("simulated", quick=True)


def test_without_any_build_the_way_is_told(book: Path, tmp_path_factory, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(LookupError, match=r"there is not a build in .* yet; `musicrec book` makes it$"):
        choose_build()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(LookupError, match=r"elsewhere0 is not inside the book \(its _toc.yml is neither here"):
        choose_build()


def test_only_an_execution_writes_into_a_build(book: Path, monkeypatch: pytest.MonkeyPatch):
    assert writing_folder("lastfm-2k") == (book / "build" / "scratch" / "lastfm-2k" / "scores", False)
    monkeypatch.setenv(EXECUTION, str(book / "running"))
    assert writing_folder("lastfm-2k") == (book / "running", True)
    assert current_build() == book / "build", "to an execution, the build folder is that of its build"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"dataset": 1, "nonsense": 2}'])
def test_what_is_no_build_is_none(tmp_path: Path, text: str):
    (tmp_path / "about.json").write_text(text)
    assert read_build(tmp_path) is None
