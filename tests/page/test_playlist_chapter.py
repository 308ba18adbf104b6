"""Opening a chapter of the edition about playlists."""

from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from musicrec.page.playlist_chapter import open_playlists
from musicrec.playlists.sample import sampled
from musicrec.playlists.simulate import simulate


def test_a_chapter_says_which_playlists_it_is_about_and_draws_further_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setenv("MUSICREC_BUILD", str(tmp_path))
    monkeypatch.delenv("MUSICREC_PLAYLISTS", raising=False)
    with pytest.raises(ValueError, match="no playlists are named"):
        open_playlists("02_baseline", 100, seed=0, quick=True)
    simulate(tmp_path / "tables", 300, 0, jobs=1)
    monkeypatch.setenv("MUSICREC_PLAYLISTS", str(tmp_path / "tables"))
    with plt.rc_context():
        chapter = open_playlists("02_baseline", 100, seed=3, quick=True)
    shown = capsys.readouterr().out
    assert "simulated playlists" in shown and "100 of 300 playlists, drawn with seed 3" in shown
    assert "no reported figure counts as reproduced on them: they are simulated" in shown
    assert str(tmp_path) not in shown, "where the tables lie is nobody's business"
    assert chapter.seeds == (0,) and chapter.book.dataset is chapter.data
    drawn = dict(chapter.samples([3, 4]))
    assert drawn[3] is chapter.data
    assert drawn[4].provenance.fingerprint == sampled(tmp_path / "tables", 100, seed=4).provenance.fingerprint
    assert chapter.draw(3, "seeded").name == "playlists-seeded"
    assert [data.name for _, data in chapter.samples([1, 2], "seeded")] == ["playlists-seeded"] * 2
