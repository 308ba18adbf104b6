"""What was tried with the hybrid is told beside the form it was made to."""

import pytest

from musicrec.chapters.leaderboard_tried import FORMS, gains, tried


def test_differences_are_to_the_form_beside(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    path = tmp_path / "forms.csv"
    path.write_text(
        "form,beside,split,ndcg@10,seconds\na,,5,0.2,10\na,,6,0.3,10\nb,a,5,0.25,20\nb,a,6,0.31,20\nc,b,5,0.2,10\nc,b,6,0.4,10\n"
    )
    monkeypatch.setattr("musicrec.chapters.leaderboard_tried.FORMS", path)
    table = tried()
    assert list(table.index) == ["b", "c"] and table["difference"].tolist() == pytest.approx([0.03, 0.02])
    assert table.loc["c", ["on split 5", "on split 6"]].tolist() == pytest.approx([-0.05, 0.09])
    assert table["times"].tolist() == [2.0, 0.5]
    assert gains(table) == (2, pytest.approx(0.03), "b", 2.0, 1)


def test_every_form_is_kept_on_two_splits_beside_one_that_is_there() -> None:
    assert FORMS.is_file()
    table = tried()
    assert len(table) > 10 and not table.isna().any(axis=None)
