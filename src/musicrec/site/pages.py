"""Pages no one types: the reproduction table, the leaderboards and the provenance page, as MyST Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from musicrec.models import registry
from musicrec.scores.records import ORIGINAL_DATA, ORIGINALS, Score
from musicrec.scores.reproduction import leaderboard, reproduction
from musicrec.site.notebooks import Run

TITLES = {
    "spotifier": "SPOTIFIER! (2018)",
    "playlist-nncf": "Spotify Playlists Recommender (2018)",
    "lastfm-mf": "Recommender Systems Assignment (2021)",
    "genre-lightfm": "Managing ML Data and Models for Spotify Music Recommendation (2021)",
    "two-stage": "Creating AI-Enabled Systems, final project (undated)",
}
PROTOCOLS = {"listeners": "ndcg@10", "listeners+valid": "ndcg@10", "continuation": "ndcg@500"}  # with their headline
SHORT = 8  # rows of a leaderboard before all of them, beside popularity
MARKS = {
    "reproduced": "✓ reproduced", "close": "≈ close", "differs": "✗ differs", "not-applicable": "– not comparable",
}  # fmt: skip


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Return a Markdown table; `right` are the columns to align to the right."""
    right = set(right)
    rule = ["---:" if i in right else "---" for i in range(len(header))]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (header, rule, *rows)]
    return "\n".join(lines) + "\n"


def number(value: float, like: float | None = None) -> str:
    """Write a number with as many decimals as another one, by default with four; above a million with none.

    Examples
    --------
    >>> number(745.2434, like=745.24), number(92834.0, like=92834.0), number(0.18721), number(-5.1e7, like=0.25)
    ('745.24', '92,834', '0.1872', '-51,000,000')
    """
    if like is None:
        return f"{value:,.4f}"
    if abs(value) >= 1e6 and value != like:
        return f"{value:,.0f}"
    mantissa, _, exponent = repr(float(like)).partition("e")
    decimals = 0 if float(like).is_integer() else len(mantissa.partition(".")[2]) - int(exponent or 0)
    return f"{value:,.{max(decimals, 0)}f}"


def state_page(run: Run) -> str:
    """Return the sentence that says which data this copy of the book is about."""
    about = run.data.provenance
    if not run.data.simulated:
        text = f"This copy was made on real data: {about.source}."
    else:
        text = f"This copy was made on **simulated data**: invented {run.edition or 'listeners'}, not real ones."
        text += f" The reason: {fallback_reason(about.fallback)}." if about.fallback else ""
    if run.quick:
        text += " It is a **quick run**: training was shortened, so scores are lower than they could be."
    return text + " {doc}`/provenance` has the details.\n"


def fallback_reason(fallback: str) -> str:
    """Return why simulated data stand in, without where they were looked for: paths of one machine are no news."""
    return fallback.partition(":")[0].rstrip(". ")


def reproduction_page(scores: Sequence[Score], run: Run | None = None, released: Sequence[dict[str, Any]] = ()) -> str:
    """Return the table of originals and, folded below it, every figure they reported.

    Below that of a build on simulated data stands the table of the release on real data.
    """
    text = _reproduced(reproduction(scores)) or "No chapter of this build reproduces a reported figure.\n"
    if run is not None and run.data.simulated:
        figures = [score for record in released for score in record["scores"]]
        if below := _reproduced(reproduction(figures)):
            dates = " and ".join(dict.fromkeys(record["date"] for record in released))
            text += f"\nMeasured on the real data, release {dates}:\n\n{below}"
    return text


def _reproduced(rows: Sequence[dict[str, Any]]) -> str:
    """Return a table of counts and a folded one for each original, "" when there is nothing."""
    if not rows:
        return ""
    summary, parts = [], []
    for key in ORIGINALS:
        mine = [row for row in rows if row["key"] == key]
        if not mine:
            summary.append([TITLES[key], "reported none", "", "", ""])
            continue
        counts = [sum(row["status"] == status for row in mine) for status in MARKS]
        why_not = "simulated here" if key in ORIGINAL_DATA else "data not public"
        compared = [str(count) for count in counts[:3]] if any(counts[:3]) else [why_not, "", ""]
        summary.append([TITLES[key], str(len(mine)), *compared])
        notes = list(dict.fromkeys(row["note"] for row in mine if row["note"]))
        figures = table(
            ["figure", "reported", "here", "result", "95 % interval", "tolerance"],
            [_reproduction_row(row, notes) for row in mine],
            right=(1, 2, 4, 5),
        )
        figures += "\n" + "".join(f"{place}. {note}\n" for place, note in enumerate(notes, start=1))
        parts.append(f":::{{dropdown}} {TITLES[key]}: every figure ({len(mine)}; `{key}`)\n\n{figures}\n:::\n")
    head = ["original", "figures", "✓ reproduced", "≈ close", "✗ differ"]
    return table(head, summary, right=(1, 2, 3, 4)) + "\n" + "\n".join(parts)


def _reproduction_row(row: dict[str, Any], notes: Sequence[str]) -> list[str]:
    """Return the cells of one figure; its note, which many figures share, stands below the table under a number."""
    reported = row["reported"]
    here = number(row["reproduced"], like=reported)
    if row["status"] == "differs" and here == number(reported, like=reported):
        here = repr(row["reproduced"])  # the difference is in decimals the original did not print
    interval = "" if row["low"] is None else f"{number(row['low'], reported)} to {number(row['high'], reported)}"
    tolerance = f"±{row['tolerance']:.3g}" if row["tolerance"] else "exact"
    if row["status"] == "not-applicable":
        tolerance = ""
    result = MARKS[row["status"]] + (f" [{notes.index(row['note']) + 1}]" if row["note"] else "")
    no_break = result.replace(" ", "\N{NO-BREAK SPACE}")
    return [row["quantity"], number(reported, like=reported), here, no_break, interval, tolerance]


def leaderboard_page(scores: Sequence[Score], run: Run, released: Sequence[dict[str, Any]] = ()) -> str:
    """Return one table per shared protocol, best system first; only what this run's data and mode measured.

    Below those of a build on simulated data stand the tables of the release on real data, `released` as
    `read_release` returns it, so that a reader without the data reads the real result.
    """
    mine = [s for s in scores if s.simulated == run.data.simulated and s.quick == run.quick]
    parts = _boards(mine, f": **{run.label}**" if run.label else "", linked=True)
    if run.data.simulated:
        for record in released:
            parts += _boards(record["scores"], f": measured on the real data, release {record['date']}", linked=False)
    return "\n".join(parts) or "No chapter of this build measured a system under a shared protocol.\n"


def _boards(scores: Sequence[Score], remark: str, *, linked: bool) -> list[str]:
    """Return a caption and a table for each shared protocol; the chapters of another build are not linked."""
    parts = []
    for protocol, headline in PROTOCOLS.items():
        mine = [s for s in scores if s.protocol == protocol]
        if not any(s.metric == headline for s in mine):
            continue
        board = leaderboard(mine, headline, protocol)
        metrics = [headline, *(m for m in board.columns if m != headline)]
        exact = {s.system: s for s in mine if s.metric == headline}
        rows: list[list[str]] = []
        short: dict[str, list[str]] = {}
        for system, values in board.iterrows():
            score = exact.get(str(system))
            interval = "" if score is None or score.low is None else f"{score.low:.4f} to {score.high:.4f}"
            chapter = f" ({{doc}}`{score.chapter[:2]} </notebooks/{score.chapter}>`)" if score and linked else ""
            cells = ["" if v != v else number(v) for v in values[metrics]]
            rows.append([f"`{system}`{chapter}", cells[0], interval, *cells[1:]])
            short.setdefault(plain_name(str(system)), [f"`{system}`", cells[0], interval])  # the best of each once
        names = ", ".join(sorted({s.dataset for s in mine}))
        first = [[name, *cells] for name, cells in short.items()]
        first = first[:SHORT] + [row for row in first[SHORT:] if row[0] == plain_name("popularity")]
        header = ["system (chapter)" if linked else "system", headline, "95 % interval", *metrics[1:]]
        parts.append(
            f"Protocol `{protocol}` on `{names}`{remark}\n\n"
            f"{table(['system', 'name in the code', *header[1:3]], first, right=(2, 3))}\n"
            f":::{{dropdown}} All {len(rows)} rows and metrics of `{protocol}`\n\n"
            f"{table(header, rows, right=range(1, len(header)))}\n:::\n"
        )
    return parts


def plain_name(row: str) -> str:
    """Return what a reader calls the system of a row, such as "als, searched"."""
    name = row.partition(",")[0]
    system = registry.systems(None).get(name)
    return system.title if system else name.replace("-", " ").capitalize()
