"""`musicrec book` and `serve`."""

from pathlib import Path

import pytest
from command import call
from trial_book import book as book
from trial_book import chapters, dataset, pretend

from musicrec.scores.builds import Build
from musicrec.site import notebooks, server
from musicrec.site.notebooks import Run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "9"), "no chapter is called '9'; choose from 01_eda, 02_baseline"),
        (("--dataset", "playlists"), "is made from yours: name tables or slices with --playlists DIR"),
        (("--dataset", "playlists", "--only", "1"), "no chapter of the edition about playlists is called '1'"),
        (("--playlists", "."), "only the book about playlists is made from a sample of them: add --dataset playlists"),
        (("--dataset", "playlists", "--playlists", "nowhere"), "nowhere: there is no such file or folder"),
        (("--dataset", "nothing"), "cannot be made with data 'nothing'; choose from auto, lastfm-2k, simulated"),
    ],
)
def test_book_refuses_wrong_names_before_doing_anything(book: Path, arguments: tuple[str, ...], message: str):
    result = call("book", *arguments)
    assert result.exit_code == 1 and message in result.stderr and not (book / "build").exists()


def test_book_says_where_it_is_and_what_data_it_used(book: Path, monkeypatch: pytest.MonkeyPatch):
    made = Run(dataset("simulated", simulated=True), dataset("simulated-songs", simulated=True))
    monkeypatch.setattr(notebooks, "resolve", lambda *_, **__: made)
    for chapter in chapters(book, made):
        pretend(chapter, made, book)
    result = call("book")
    assert result.exit_code == 0, result.stderr
    assert str(book / "build" / "simulated" / "html" / "index.html") in result.stdout
    assert "simulated" in result.stdout and "0123456789abcdef" in result.stdout and "SIMULATED DATA" in result.stdout
    assert "make serve DATASET=simulated, or open" in result.stdout
    assert "[1/2] 01_eda: up to date" in result.stderr
    html = book / "build" / "simulated" / "html"
    # the page for wrong addresses states no figure
    for page in ({*html.glob("*.html")} - {html / "404.html"}) | {*html.glob("notebooks/*.html")}:
        assert "Simulated data." in page.read_text(encoding="utf-8"), f"{page.name} lacks the banner"
    assert "unchanged" in call("book").stdout


def test_serve_takes_the_site_that_is_asked_for(book: Path, monkeypatch: pytest.MonkeyPatch):
    served: list[Path] = []
    monkeypatch.setattr(server, "serve_site", lambda html, port, say: served.append(html))
    for name, dataset_, quick in (("lastfm-2k", "lastfm-2k", False), ("simulated-quick", "simulated", True)):
        folder = book / "build" / name
        (folder / "html").mkdir(parents=True)
        (folder / "html" / "index.html").write_text("")
        Build(folder, dataset_, dataset_ == "simulated", quick=quick, built=float(quick)).write()
    result = call("serve")
    assert result.exit_code == 0 and "lastfm-2k: real data" in result.stderr
    assert "simulated data, quick run" in call("serve", "--dataset", "simulated", "--quick").stderr
    assert [html.parent.name for html in served] == ["lastfm-2k", "simulated-quick"]
    result = call("serve", "--dataset", "simulated-small")
    assert result.exit_code == 1 and "there is lastfm-2k, simulated-quick" in result.stderr


@pytest.mark.parametrize("command", ["serve", "scores"])
def test_outside_the_book_it_is_said(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MUSICREC_BUILD", raising=False)
    monkeypatch.setenv("MUSICREC_CACHE", str(tmp_path / "cache"))
    result = call(command)
    assert result.exit_code == 1 and f"{tmp_path} is not inside the book" in result.stderr
    assert list(tmp_path.iterdir()) == [], "nothing is left where it was called"
