"""The page "Try it": the served models as files that a browser reads, without a server and without a network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musicrec.datasets.dataset import Dataset
from musicrec.datasets.identity import identity
from musicrec.datasets.joined import joined, times_of
from musicrec.datasets.sources import DataError
from musicrec.files import build_dir, write_text
from musicrec.serving.cache import made_with, served
from musicrec.serving.fidelity import Fidelity, fidelity
from musicrec.serving.forms import MIN_LISTENERS, OF, Both, Factors, ItemWeights, Served
from musicrec.serving.spellings import one_entry_each
from musicrec.site.packing import version

MODELS = ("blend", "item-knn", "ials", "popularity")  # the default first
FILES = ("try.css", "names.js", "try_model.js", "try.js")  # of book/scripts
FORMAT = 2  # the script refuses another one
WEIGHTS = 160_000  # in one part of a model of weights: about 180 kB compressed


@dataclass(frozen=True)
class Payload:
    """What the page loads: the artists at once, the rest when an answer needs it.

    Attributes
    ----------
    version : str
        Of the content: part of the names of the files, and checked by the page.
    scripts : dict of str to str
        The files by the name of the part; scripts, because a page opened from disk may load no other kind of file.
    sizes : dict of str to int
        Bytes of each part, compressed.
    """

    version: str
    scripts: dict[str, str]
    sizes: dict[str, int]


def payload(models: Sequence[Served]) -> Payload:
    """Bring models of the same data into the form the page reads.

    Each part is a head in JSON (its length as a 32-bit number before it), which names the arrays that follow it,
    little-endian and without gaps; all of it is compressed with gzip and written in base64. The part "artists" has the
    names and says which parts there are of each model.
    """
    first = models[0]
    n = first.n
    parts: dict[str, bytes] = {}
    settings: dict[str, Any] = {}
    for model in models:
        name = model.facts["model"]
        settings[name] = {"of": OF} if isinstance(model, Both) else {}
        if isinstance(model, Factors):
            loss = {"alpha": float(model.alpha), "pull": float(model.pull), "ridge": model.ridge.tolist()}
            settings[name] = {"dim": model.levels.shape[1], **loss}
            parts[name] = _packed({}, {"levels": model.levels, "scales": model.scales, "gram": model.gram})
        elif isinstance(model, ItemWeights):
            if n > 2**16:
                raise ValueError(f"the page can hold {2**16:,} artists at most, not {n:,}")
            rows = _first_rows(model)
            settings[name] = {"rows": rows}
            for place, (start, end) in enumerate(zip(rows, [*rows[1:], n], strict=True)):
                parts[f"{name}-{place}"] = _packed({}, _rows(model, start, end))
    head = {
        "dataset": first.facts.get("dataset", ""), "simulated": bool(first.facts.get("simulated")),
        "names": first.names[:n], "models": settings,
    }  # fmt: skip
    parts = {"artists": _packed(head, {"listeners": first.listeners[:n].astype("<u4")}), **parts}
    version = hashlib.sha256(b"".join(parts.values())).hexdigest()[:12]
    scripts, sizes = {}, {}
    for name, body in parts.items():
        packed = gzip.compress(body, 9, mtime=0)
        facts = f'format: {FORMAT}, version: "{version}", gzip: "{base64.b64encode(packed).decode()}"'
        scripts[name] = f'(window.musicrecData ??= {{}})["{name}"] = {{ {facts} }};\n'
        sizes[name] = len(packed)
    return Payload(version, scripts, sizes)


def _packed(head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> bytes:
    head = {**head, "arrays": [[name, _KINDS[array.dtype.str], array.size] for name, array in arrays.items()]}
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + b"".join(array.tobytes() for array in arrays.values())


def _first_rows(model: ItemWeights) -> list[int]:
    """Return the first row of each part: parts of about as many weights each, so that none takes long."""
    wanted = np.arange(0, max(len(model.columns), 1), WEIGHTS)
    return np.unique(np.minimum(np.searchsorted(model.starts, wanted), model.n - 1)).tolist()


def _rows(model: ItemWeights, start: int, end: int) -> dict[str, NDArray[Any]]:
    """Return the weights of some rows, as arrays of small numbers."""
    starts = model.starts[start : end + 1]
    entries = slice(starts[0], starts[-1])
    # Columns ascend within a row: steps from one to the next are small, and compress well byte by byte.
    columns = model.columns[entries]
    steps = np.diff(columns, prepend=0)
    begins = (starts[:-1] - starts[0])[np.diff(starts) > 0]
    steps[begins] = columns[begins]
    return {
        "sizes": np.diff(starts).astype("<u2"), "low": (steps % 256).astype(np.uint8),
        "high": (steps // 256).astype(np.uint8), "levels": model.levels[entries], "scales": model.scales[start:end],
    }  # fmt: skip


_KINDS = {"|i1": "Int8Array", "|u1": "Uint8Array", "<u2": "Uint16Array", "<u4": "Uint32Array", "<f4": "Float32Array"}


def stage(source: Path, data: Dataset, songs: Dataset | None = None, seed: int = 0) -> None:
    """Write what the page needs below the staged source of the site: the data, and what the page says of them.

    Parameters
    ----------
    source : Path
        The staged source, with the pages of `book/` at its root.
    data : Dataset
        The listeners that the models are fitted to, unless they were before.
    songs : Dataset, optional
        Playlists that are joined to them, if both are real.
    seed : int
        Of simulated data.
    """
    if songs is not None and "songs" in songs.tables and not (data.simulated or songs.simulated):
        data = joined(data, songs)
    try:
        _, known_as = identity(data.name, seed=seed)
    except (DataError, ValueError):
        known_as = ""
    models = [served(data, model, known_as) for model in MODELS]
    made = write(source, models)
    measured = {model: _fidelity(data, model) for model in MODELS if model != "popularity"}
    write_text(source / "generated" / "try_numbers.md", _numbers(made, models, measured))


def write(folder: Path, models: Sequence[Served]) -> Payload:
    """Write the data, and the piece of the page that loads them, below a folder that holds the scripts."""
    made = payload(models)
    for part, script in made.scripts.items():
        write_text(folder / "scripts" / "data" / f"try-{made.version}-{part}.js", script)
    write_text(folder / "generated" / "try.md", _scripts(folder, made, models[0]))
    return made


def _fidelity(data: Dataset, model: str) -> Fidelity | None:
    """Return how faithful a served model is, measured once for each data set and code."""
    path = build_dir() / "models" / f"{data.provenance.fingerprint}-{model}.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["made_with"] == made_with(model):
            return Fidelity(*known["fidelity"]) if known["fidelity"] else None
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not measured yet
    listens = one_entry_each(data.interactions, data.item_names.tolist()).listens
    found = fidelity(listens, model, times=times_of(data))
    write_text(path, json.dumps({"made_with": made_with(model), "fidelity": found}) + "\n")
    return found


def _scripts(source: Path, made: Payload, model: Served) -> str:
    """Return the scripts of the page, and on simulated data the words that say so."""
    note = ""
    if model.facts.get("simulated"):
        note = (
            ":::{warning}\nThis copy of the book was made on **simulated data**: the artists below and their listeners "
            "are invented. You will not find the ones you love; take any, to see how it works.\n:::\n\n"
        )
    digest = version(source, FILES)
    return note + (
        "```{raw} html\n"
        f'<link rel="stylesheet" href="scripts/try.css?v={digest}">\n'
        f'<script defer src="vendor/minisearch/minisearch.js"></script>\n'
        f'<script defer src="scripts/names.js?v={digest}"></script>\n'
        f'<script defer src="scripts/try_model.js?v={digest}"></script>\n'
        f'<script defer src="scripts/try.js?v={digest}" data-version="{made.version}" data-format="{FORMAT}"'
        ' data-folder="scripts/data"></script>\n'
        "```\n"
    )


def _numbers(made: Payload, models: Sequence[Served], measured: dict[str, Fidelity | None]) -> str:
    """Return what the page says of its own models."""
    from musicrec.site.pages import table

    first = models[0]
    text = (
        f"The page knows the {first.n:,} artists (of {len(first.names):,} in the data) that at least {MIN_LISTENERS} "
        f"listeners have. It loads {made.sizes['artists'] / 1e6:.2f} MB of names at once, and what a model says of the "
        f"artists of your list when it is asked: parts of at most {max(made.sizes.values()) / 1e6:.2f} MB each, "
        f"{sum(made.sizes.values()) / 1e6:.2f} MB in all.\n"
    )
    rows = [
        [f"`{model}`", f"{found.agreement:.1%}", f"{found.ndcg_served:.4f}", f"{found.ndcg_full:.4f}"]
        for model, found in measured.items()
        if found
    ]
    if rows:
        listeners = next(found.listeners for found in measured.values() if found)
        head = ["model", "same entries in the top 10", "NDCG@10 here", "NDCG@10 unabridged"]
        text += (
            f"\nWhat the abridgement costs, on {listeners} listeners who were held out of the fit, with four fifths of "
            f"their artists given and the rest hidden:\n\n{table(head, rows, right=(1, 2, 3))}"
        )
    return text
