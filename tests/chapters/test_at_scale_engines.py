"""From which size on Apache Spark pays."""

import pandas as pd
import pytest

from musicrec.chapters import at_scale_engines as chapter


def record() -> pd.DataFrame:
    """Spark needs ten seconds more to ingest and half as long for each playlist; factors only cost more."""
    rows = [("spark", "start", 5.0, n, None) for n in (1000, 2000)]
    for n in (1000, 2000):
        rows += [("local", "ingest", 1 + n / 100, n, None), ("spark", "ingest", 11 + n / 200, n, None)]
        rows += [("local", "factors", n / 100, n, 0.2), ("spark", "factors", 8 + n / 50, n, 0.1)]
    columns = ["engine", "stage", "seconds", "playlists", "ndcg@500"]
    return pd.DataFrame(rows, columns=columns).assign(machine="two cores")


def test_both_engines_stand_side_by_side():
    table = chapter.side_by_side(record())
    assert table.loc["read slices into tables, 2,000 playlists"].to_dict() == {"local": 21, "spark": 21}
    assert chapter.side_by_side(record(), "ndcg@500").dropna().shape == (2, 2)


def test_where_they_are_even_follows_from_what_grows():
    table = chapter.break_even(record())
    assert table["even at"].tolist() == ["2,000 playlists", "no size"]
    ingest, factors = table["machines to be even"]
    assert ingest == pytest.approx(5000 / (10_001 - 11)) and factors == pytest.approx(20_000 / (10_000 - 8))
    found = chapter.facts(record())
    assert (found.start, found.most, found.slower, found.work) == (5, 2000, 1, "read slices into tables")


def test_without_a_record_nothing_is_said(monkeypatch):
    monkeypatch.setattr(chapter.at_scale, "book_folder", lambda: None)
    none = chapter.recorded()
    assert chapter.side_by_side(none).empty and chapter.break_even(none).empty and not chapter.facts(none).there
