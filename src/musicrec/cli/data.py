"""`musicrec data`: which data are found, where, under which licence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicrec.cli.app import Json, app

if TYPE_CHECKING:
    from musicrec.datasets.dataset import Dataset


@app.command()
def data(
    dataset: Annotated[
        str, typer.Option("--dataset", metavar="NAME", help="lastfm-2k, spotify-songs, mpd, simulated, … or auto.")
    ] = "auto",
    as_json: Json = False,
) -> None:
    """Say which data are found, where, under which licence, and whether they are whole.

    Examples: `musicrec data`, `musicrec data --dataset spotify-songs --json`
    """
    from musicrec.datasets import load
    from musicrec.site.notebooks import resolve

    about = [_describe(each) for each in (resolve().datasets if dataset == "auto" else [load(dataset)])]
    if as_json:
        typer.echo(json.dumps(about, indent=1, ensure_ascii=False))
        return
    for block in about:
        name = block.pop("name")
        typer.echo(typer.style(f"{name}{' — SIMULATED' if block.pop('simulated') else ''}", bold=True))
        block |= {f"table {table}": f"{rows:,} rows" for table, rows in block.pop("tables").items()}
        for label, value in block.items():
            for line in value if isinstance(value, list) else [value]:
                if line != "":
                    typer.echo(f"  {label:<22} {f'{line:,}' if isinstance(line, int) else line}")
        typer.echo()


def _describe(dataset: Dataset) -> dict[str, Any]:
    about = dataset.provenance
    return {
        "name": dataset.name,
        "simulated": dataset.simulated,
        "source": about.source,
        "page": about.url,
        "version": about.version,
        "licence": about.licence,
        "found": about.found,
        "instead of real data": about.fallback,
        "users": dataset.interactions.n_users,
        "items": dataset.interactions.n_items,
        "interactions": len(dataset.interactions),
        "tables": {name: len(table) for name, table in dataset.tables.items()},
        "fingerprint": about.fingerprint,
        "note": list(about.notes),
    }
