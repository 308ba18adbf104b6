"""Tags of a reader beside those of everyone."""

from pathlib import Path

import numpy as np
import pytest

from musicrec import datasets
from musicrec.datasets.side_information import item_tags
from musicrec.histories import read_history
from musicrec.serving.quantisation import fit
from musicrec.serving.reader import meet
from musicrec.serving.taste import taste


def test_who_plays_what_one_tag_stands_for_has_more_of_it(tmp_path: Path) -> None:
    data = datasets.load("simulated-small")
    tags = item_tags(data)
    tag = int(np.asarray(tags.sum(axis=0)).argmax())
    best = np.argsort(-tags[:, [tag]].toarray().ravel() / np.maximum(tags.sum(axis=1), 5), kind="stable")[:20]
    (tmp_path / "a.txt").write_text("\n".join(data.item_names[best]), encoding="utf-8")
    served = fit(data.interactions, data.item_names.tolist(), "popularity", {"model": "popularity"})
    reader = meet(read_history([tmp_path / "a.txt"]), served)
    table = taste(data, reader, n=tags.shape[1])
    assert table["reader"].sum() == pytest.approx(1) and table["everyone"].sum() == pytest.approx(1)
    name = str(data.tables["tags"].iloc[tag, 1])
    assert table.loc[name, "reader"] > 1.5 * table.loc[name, "everyone"] and name in table.index[:3]
    assert len(taste(data, reader, n=4)) == 4
