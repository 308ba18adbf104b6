"""Fitted models on disk: what went in comes out, and nothing else is taken for a model."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from musicrec.models import store


@pytest.mark.parametrize("compress", [True, False])
def test_what_went_in_comes_out(tmp_path: Path, compress: bool):
    path = tmp_path / "new" / "model.npz"
    arrays = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "labels": np.array(["a", "é"]), "one": np.array(2.5)}
    store.write(path, {"name": "x", "settings": {"dim": 3}}, arrays, compress=compress)
    with store.opened(path, "a model", name="x") as (facts, file):
        assert facts == {"name": "x", "settings": {"dim": 3}}
        for name, array in arrays.items():
            assert file[name].dtype == array.dtype and np.array_equal(file[name], array)
    assert [p.name for p in path.parent.iterdir()] == ["model.npz"]


@pytest.mark.parametrize("arrays", [{"facts": [1]}, {"w": np.array([object()])}, {"w": np.array(["a", None], object)}])
def test_what_cannot_be_kept_leaves_the_older_file_alone(tmp_path: Path, arrays: dict):
    path = tmp_path / "model.npz"
    store.write(path, {"name": "older"}, {"w": [1.0]})
    with pytest.raises(ValueError, match=r"facts|Python objects"):
        store.write(path, {"name": "newer"}, arrays)
    with pytest.raises(TypeError):
        store.write(path, {"name": {1, 2}}, {"w": [1.0]})
    with store.opened(path, "a model") as (facts, _):
        assert facts == {"name": "older"}


def test_another_model_is_refused_by_what_it_is(tmp_path: Path):
    path = tmp_path / "model.npz"
    store.write(path, {"name": "als"}, {"w": [1.0]})
    said = r"does not hold a model saved by EASE \(its name is 'als', not 'ease'\)"
    with pytest.raises(ValueError, match=said), store.opened(path, "a model saved by EASE", name="ease"):
        pass
    with pytest.raises(ValueError, match="does not hold a model"), store.opened(path, "a model") as (_, file):
        file["factors"]


class Trap:
    def __reduce__(self):
        return (exec, ("raise SystemExit('run')",))


def test_damaged_and_foreign_files_are_refused_and_never_run(tmp_path: Path):
    path = tmp_path / "model.npz"
    store.write(path, {"name": "als"}, {"w": np.zeros(500)})
    good = path.read_bytes()
    for content in (b"", b"text", good[:-30], good[: len(good) // 2], pickle.dumps(Trap())):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="does not hold a model"), store.opened(path, "a model") as (_, file):
            file["w"]
    np.savez(path, w=np.zeros(2))
    with pytest.raises(ValueError, match="does not hold a model"), store.opened(path, "a model"):
        pass
    np.savez(path, facts=np.array("[1, 2]"))
    with pytest.raises(ValueError, match="does not hold a model"), store.opened(path, "a model"):
        pass
    with path.open("wb") as file:
        np.save(file, np.zeros(2))
    with pytest.raises(ValueError, match="does not hold a model"), store.opened(path, "a model"):
        pass
    with pytest.raises(FileNotFoundError), store.opened(tmp_path / "none.npz", "a model"):
        pass
