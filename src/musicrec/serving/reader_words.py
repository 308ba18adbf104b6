"""What there is to say of a reader's history, in sentences, as data, and as one page of HTML."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from musicrec.histories.matching import TOLD
from musicrec.serving.reader import LAST, Reader


def sentences(reader: Reader, rng: np.random.Generator) -> list[str]:
    """Return what was read, what was not and why, and how well the model knows the reader; text, not HTML."""
    told = [_what_was_read(reader)]
    history, matched = reader.history, reader.matched
    if history.left_out:
        told.append(f"Left out: {', '.join(f'{count:,} {what}' for what, count in history.left_out.most_common())}.")
    told.append(
        f"{matched.shares['known']:.1%} of what counts is by the {len(matched.items):,} artists the model knows."
    )
    for kind, names, what in (
        ("unknown", matched.unknown, "by artists it does not know"),
        ("too rare", matched.rare, "by artists of too few listeners"),
    ):
        if names:
            most = ", ".join(f"{name} ({count:,})" for name, count in names[:TOLD])
            more = f" and {len(names) - TOLD:,} more" if len(names) > TOLD else ""
            told.append(f"{matched.shares[kind]:.1%} is {what}: {most}{more}.")
    if matched.shares["no artist"]:
        told.append(f"{matched.shares['no artist']:.1%} names no artist.")
    if matched.read_as:
        pairs = ", ".join(f"{name!r} is read as {reader.served.names[item]}" for name, item in matched.read_as[:TOLD])
        told.append(f"{pairs}.")
    return [*told, *_how_well(reader, rng), *(f"Note: {note}." for note in history.notes)]


def _what_was_read(reader: Reader) -> str:
    plays, files = reader.history.plays, Counter(title for _, title, _ in reader.history.files)
    where = ", ".join(f"{title} ({n:,} file{'s' if n > 1 else ''})" for title, n in files.items())
    times = plays.time[plays.liked & ~np.isnat(plays.time)]
    days = times.astype("datetime64[D]")
    span = f", {days.min()} to {days.max()} (UTC)" if len(days) else ""
    liked, listed = int(plays.liked.sum()), len(reader.history.listed)
    rows = [f"{liked:,} plays and saved songs"] if liked else []
    rows += [f"{listed:,} lines of a list"] if listed else []
    return f"{' and '.join(rows)}{span}, from {where}."


def _how_well(reader: Reader, rng: np.random.Generator) -> list[str]:
    told = []
    if fidelity := reader.fidelity(rng):
        told.append(
            f"Of {fidelity.hidden} favourites that were hidden from it, the model names {fidelity.found:.0%} among its "
            f"first 10; recommending the best known to everyone, {fidelity.popular:.0%}."
        )
    if forecast := reader.forecast():
        told.append(
            f"The last {LAST.astype(int)} days, from {forecast.since}: {forecast.repeated_plays:.0%} of the plays went "
            f"to artists played before. Of your 10 most played until then you played {forecast.repeats:.0%} again, of "
            f"the model's first 10 {forecast.model:.0%}. Of {forecast.new} artists new to you, {forecast.new_found} "
            f"are among its 20 recommendations; among the 20 best known, {forecast.new_popular}."
        )
    fame = reader.fame()
    told.append(
        f"Half of your favourites have at most {fame.reader:,} listeners in the data; {fame.share_below:.0%} of all "
        f"listens there go to artists less known than that."
    )
    return told


def as_data(reader: Reader, rows: Sequence[dict[str, Any]], told: Sequence[str]) -> dict[str, Any]:
    """Return everything as values for JSON."""
    matched, names = reader.matched, reader.served.names
    return {
        "files": [
            {"name": name, "format": title, "rows": rows_read} for name, title, rows_read in reader.history.files
        ],
        "left_out": dict(reader.history.left_out),
        "shares": matched.shares,
        "artists": [
            {"artist": names[item], "plays": count} for item, count in zip(matched.items, matched.counts, strict=True)
        ],
        "unknown": [{"artist": name, "plays": count} for name, count in [*matched.unknown, *matched.rare]],
        "years": [{"year": year, "plays": plays, "artists": best} for year, plays, best in reader.years()],
        "said": list(told),
        "recommended": list(rows),
    }


_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:46rem;margin:auto;padding:1rem;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #8888;vertical-align:top}"
    "th{overflow-wrap:normal}caption{text-align:left;font-weight:bold;padding:.5rem 0}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
)


def page(
    reader: Reader, rows: Sequence[dict[str, Any]], told: Sequence[str], tags: Sequence[tuple[str, float, float]] = ()
) -> str:
    """Return one HTML file without scripts that loads nothing; every name in it is text.

    Parameters
    ----------
    reader : Reader
        Who it is about.
    rows : sequence of dict
        The recommendations: `artist`, `listeners` and `because`.
    told : sequence of str
        As of `sentences`.
    tags : sequence of (str, float, float)
        Tags with the reader's share and everyone's.
    """
    about = f"Recommended by the model {reader.served.facts['model']}, fitted to {reader.served.facts['dataset']}"
    if reader.served.facts["simulated"]:
        about += ", whose artists and listeners are SIMULATED"
    recommended = [(row["artist"], f"{row['listeners']:,}", ", ".join(row["because"][:3])) for row in rows]
    favourites = [
        (reader.served.names[item], f"{count:,}")
        for item, count in list(zip(reader.matched.items, reader.matched.counts, strict=True))[:20]
    ]
    shares = [(tag, f"{mine:.1%}", f"{everyone:.1%}") for tag, mine, everyone in tags]
    years = [(str(year), f"{plays:,}", ", ".join(best)) for year, plays, best in reader.years()]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Recommended to you</title><style>{_STYLE}</style></head><body><h1>Recommended to you</h1>"
        f"<p>{html.escape(about)}; made on this computer, of your own history.</p>"
        + _table("Artists you have not played", ("artist", "listeners", "because you play"), recommended)
        + "<h2>Your history</h2>"
        + "".join(f"<p>{html.escape(each)}</p>" for each in told)
        + _table("Your favourites", ("artist", "plays"), favourites)
        + (_table("What kind of music it is", ("tag", "you", "everyone"), shares) if shares else "")
        + (_table("Year by year", ("year", "plays", "most played"), years) if years else "")
        + "</body></html>\n"
    )


def _table(caption: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    numbers = [name in ("listeners", "plays", "you", "everyone") for name in heading]

    def line(cells: Sequence[str], tag: str) -> str:
        marked = zip(cells, numbers, strict=True)
        return "".join(f"<{tag}{' class=n' if right else ''}>{html.escape(cell)}</{tag}>" for cell, right in marked)

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return (
        f"<table><caption>{caption}</caption><thead><tr>{line(heading, 'th')}</tr></thead><tbody>{body}</tbody></table>"
    )
