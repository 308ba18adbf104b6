"""`musicrec tune`: the search for settings."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from musicrec.cli.app import BookData, Json, app
from musicrec.cli.output import message_console, print_table

OF_ONES_OWN = (
    "A system of your own becomes known by `musicrec.models.registry.register`, a decorator of its class; search its "
    "settings in Python: musicrec.tuning.search.tune(NAME, musicrec.datasets.load(DATASET))"
)


@app.command()
def tune(
    systems: Annotated[
        list[str] | None, typer.Argument(metavar="SYSTEM...", help="One or several systems, or all.")
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1, help="How many settings to try; alike for all.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the search.")] = 0,
    dataset: BookData = "auto",
    replace_shipped: Annotated[
        bool, typer.Option("--replace-shipped", help="Replace the settings the book reads; only on lastfm-2k.")
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="Show every system, what is searched and what is kept.")] = False,
    as_json: Json = False,
) -> None:
    """Search for the settings of systems: as many trials and the same method for each.

    A trial is measured by the NDCG@10 on validation data of a split kept for that alone. Finished trials are stored:
    stopped halfway, the same command goes on to the same result. The result goes to the build folder; the settings
    that come with the package, which the book reads, change only with `--replace-shipped`.

    Examples: `musicrec tune --list`, `musicrec tune als ease`, `musicrec tune all --trials 20`
    """
    from musicrec.models import registry
    from musicrec.names import UnknownNameError
    from musicrec.progress import progress_on
    from musicrec.tuning import search

    if show:
        _list_systems(as_json)
        return
    if not systems:
        raise typer.BadParameter("name a system, or all; `musicrec tune --list` shows them", param_hint="SYSTEM...")
    try:
        names = registry.searched(systems)
    except UnknownNameError as error:
        raise LookupError(f"{error}. {OF_ONES_OWN}") from error
    from musicrec.datasets import load

    data = load(dataset, seed=seed)
    progress, results = progress_on(message_console()), []
    progress.begin(names)
    try:
        for name in names:
            result, path = search.tune(
                name, data, trials=trials, seed=seed, replace_shipped=replace_shipped, progress=progress
            )
            results.append(result)
            typer.echo(f"{name}: kept in {path}", err=True)
    finally:
        progress.end()
    if not replace_shipped:
        typer.echo("the book goes on with the shipped settings; --replace-shipped replaces them", err=True)
    if as_json:
        typer.echo(json.dumps(results, indent=1, ensure_ascii=False))
        return
    print_table(
        ("system", "NDCG@10", "recall@10", "settings", "trials", "seconds"),
        [
            (r["system"], f"{r['ndcg@10']:.4f}", f"{r['recall@10']:.4f}", _settings(r["settings"]),
             f"{r['budget']['trials']}" + (f", {n} failed" if (n := r["budget"]["failed"]) else ""),
             f"{r['budget']['seconds']:,.0f}")
            for r in results
        ],
        right=(1, 2, 4, 5),
    )  # fmt: skip
    for result in results:
        for edge in result["edges"]:
            typer.echo(f"mind: {result['system']}: {edge}")


def _list_systems(as_json: bool) -> None:
    """Show every system with its search space and the settings that are kept."""
    from musicrec.models import registry

    rows: list[dict[str, Any]] = []
    for name, system in registry.systems().items():
        try:
            kept = registry.record(name)
        except LookupError:
            kept = {}
        space = {setting: str(values) for setting, values in system.space.items()}
        rows.append(
            {"system": name, "space": space, "note": "" if system.space else system.unsearched, "kept": kept or None}
        )
    if as_json:
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    print_table(
        ("system", "searched", "chosen"),
        [
            (row["system"], "; ".join(f"{n}: {v}" for n, v in row["space"].items()) or row["note"],
             _settings(row["kept"]["settings"]) if row["kept"] else "not tuned yet" if row["space"] else "")
            for row in rows
        ],
    )  # fmt: skip


def _settings(settings: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items()
    )
