"""Served models on disk, fitted when they are first asked for."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicrec.code_digest import code_closure, digest
from musicrec.files import build_dir
from musicrec.models import registry, store
from musicrec.serving.forms import BLEND, FORMS, OF, SMALL, Both, Factors, ItemWeights, Served
from musicrec.serving.quantisation import NEIGHBOURS, fit

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset

# The first is the default: of new people it finds most, however many artists they name (chapter 15).
MODELS = ("blend", "item-knn", "ials", "als", "ease", "popularity")
FORMAT = 2
MOST_NOTES = 10  # on files of one's own
Say = Callable[[str], None]


def serve(dataset: str, model: str, say: Say, own: Sequence[Path] = ()) -> Served:
    """Return a served model of a data set by name, from disk when its data and code have not changed.

    Parameters
    ----------
    dataset : str
        `joined`, `lastfm-2k`, `simulated` or `auto`: see `identity`.
    model : str
        One of `MODELS`.
    say : callable
        Told when something takes longer, and what the answer rests on when that is not real data.
    own : sequence of Path
        Files that join the data, see `own_files`; a model of them is kept, too, until they change.

    Raises
    ------
    ValueError
        When there is no such model or data set.
    DataError
        When the data cannot be had or are not what they should be.
    """
    from musicrec.datasets.identity import identity
    from musicrec.datasets.sources import DataUnavailableError

    if model not in MODELS:
        raise ValueError(f"no model is called {model!r}; choose from {', '.join(MODELS)}")
    try:
        name, source = identity(dataset)
    except DataUnavailableError:
        name, source = dataset, ""
    joining = ""
    if own:
        from musicrec.serving.own_files import digest_of, with_files

        joining = f" + {digest_of(own)}"
    wanted = made_with(model)
    for path in sorted((build_dir() / "models").glob(f"*-{model}.npz")) if source else ():
        try:
            facts = _facts(path)
            if facts["source"] == source + joining and facts["made_with"] == wanted:
                if dataset == "auto" and facts["simulated"]:
                    say("warning: no real data are at hand; the answer is about SIMULATED artists and listeners")
                return read(path)
        except ValueError as error:
            say(f"{error}; fitting it again")
    files = f" and of {', '.join(path.name for path in own)}" if own else ""
    say(f"reading the listens of {name}{files} and fitting {model}; next time the answer comes at once …")
    from musicrec.datasets import load

    data = load(name, progress=False)
    if source == "" or data.name != name:  # downloaded just now
        _, source = identity(data.name)
    if own:
        data, notes = with_files(data, own)
        for note in notes[:MOST_NOTES]:
            say(note)
        if len(notes) > MOST_NOTES:
            say(f"… and {len(notes) - MOST_NOTES:,} more notes")
    return served(data, model, source + joining)


def served(data: Dataset, model: str, source: str = "") -> Served:
    """Return a served model of these data, from disk when they and the code have not changed, else fit and save it.

    `source` is the data's `identity`; without it, the model will not be found by name.
    """
    path = build_dir() / "models" / f"{data.provenance.fingerprint}-{model}.npz"
    facts = {
        "format": FORMAT, "model": model, "dataset": data.name, "simulated": data.simulated,
        "fingerprint": data.provenance.fingerprint, "source": source, "made_with": made_with(model),
    }  # fmt: skip
    try:
        if _facts(path) == facts:
            return read(path)
    except ValueError:
        pass  # missing or damaged
    from musicrec.datasets.joined import times_of

    made = fit(data.interactions, data.item_names.tolist(), model, facts, times_of(data))
    try:
        made.save(path)
    except OSError as error:  # the answer is there all the same
        warnings.warn(f"the model could not be kept for the next time: {error}", stacklevel=2)
    return made


def made_with(model: str) -> str:
    """Return a digest of the settings and of the code a served model is made with."""
    names = OF if model == BLEND else (model,)
    sources = [*(f"import {registry.find(name).module}" for name in names), "import musicrec.serving.quantisation"]
    settings = json.dumps([registry.tuned(name) for name in names], sort_keys=True)
    return digest(model, settings, str((NEIGHBOURS, SMALL)), *code_closure(sources, by_name=False))


def _facts(path: Path) -> dict[str, Any]:
    """Read what a saved model is, without its arrays."""
    try:
        with store.opened(path, "a served model") as (facts, _):
            return facts
    except OSError as error:
        raise ValueError(f"{path} does not hold a served model ({error})") from error


def read(path: Path) -> Served:
    """Read a model that `save` wrote; nothing in the file is ever run.

    Raises
    ------
    ValueError
        When the file is damaged, or its parts do not fit each other.
    """
    try:
        with store.opened(path, "a served model") as (facts, file):
            form = FORMS[facts["model"]]
            names = json.loads(str(file["names"]))
            made = form(facts, file["ids"], names, file["listeners"], *(file[name] for name in form.arrays))
    except OSError as error:
        raise ValueError(f"{path} does not hold a served model ({error})") from error
    if problem := _problem(made):
        raise ValueError(f"{path} is damaged: {problem}")
    return made


def _problem(made: Served) -> str:
    """Return what is wrong with a model that was read, "" when nothing is."""
    if not (len(made.ids) == len(made.names) == len(made.listeners)):
        return "it has not as many names as artists"
    if (np.diff(made.listeners) > 0).any():
        return "its artists are not ordered by listeners"
    if isinstance(made, Both):
        return next(filter(None, map(_problem, made.parts)), "")
    if isinstance(made, ItemWeights):
        fits = len(made.starts) == made.n + 1 and made.starts[0] == 0 and (np.diff(made.starts) >= 0).all()
        if not (fits and made.starts[-1] == len(made.columns) == len(made.levels) and len(made.scales) == made.n):
            return "its weights do not fit its artists"
        if len(made.columns) and not (made.columns.min() >= 0 and made.columns.max() < made.n):
            return "a weight is about an artist that is not there"
        return "" if np.isfinite(made.scales).all() else "a weight is not a finite number"
    if isinstance(made, Factors):
        if made.levels.ndim != 2 or not len(made.levels) == len(made.scales) == made.n:
            return "its factors do not fit its artists"
        shapes = (made.gram.shape, made.alpha.shape, made.pull.shape, made.ridge.shape)
        if shapes != ((made.levels.shape[1],) * 2, (), (), (3,)):
            return "its loss does not fit its factors"
        if not all(np.isfinite(part).all() for part in (made.scales, made.gram, made.alpha, made.pull, made.ridge)):
            return "a factor is not a finite number"
    return ""
