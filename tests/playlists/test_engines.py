"""Both engines do the same work when they are timed."""

from spark_session import two_cores

from musicrec.models.playlists import on_spark
from musicrec.models.playlists.systems import build
from musicrec.playlists import engines


def test_systems_are_timed_on_the_same_playlists(monkeypatch):
    monkeypatch.setattr(engines, "EACH", 2)
    with two_cores() as session:
        rows = list(engines.time_systems(1000, 0, {"local": build, "spark": on_spark.maker(session)}))
    assert [(row["stage"], row["engine"]) for row in rows] == [
        (name, engine) for name in engines.SYSTEMS for engine in ("local", "spark")
    ]
    same = [row["ndcg@500"] for row in rows if row["stage"] == "track-knn"]
    assert abs(same[0] - same[1]) < 0.005 and all(row["seconds"] > 0 for row in rows)
