"""What the book found, in one figure and one table: for the first page from a build, for the README from the release.

Each original stands with the figure it reported, with what its system scores as it was, what it scores repaired, what
popularity alone scores, and the best score anyone has under that protocol.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from musicrec.files import write_text
from musicrec.scores.records import Score
from musicrec.scores.release import read_release
from musicrec.site.notebooks import Run

FIGURE = "findings.svg"  # in results/
BEGIN, END = "<!-- findings: written by `musicrec scores --save-release` -->", "<!-- end of the findings -->"


class Story(NamedTuple):
    """Which score records tell what became of an original."""

    original: str  # its key
    title: str  # what it built
    reported: tuple[str, str]  # system and metric of the figure it stands for, ("", "") where none was reported
    figure: str  # what that figure is called
    chapter: str
    protocol: str
    metric: str
    as_it_was: str
    repaired: str
    popularity: str = "popularity"


LISTENERS = ("listeners", "ndcg@10")
STORIES = (
    Story("spotifier", "Similar playlists and a network", ("combined-network", "hit rate, listeners' artists"),
          "hit rate", "04_neural_network", *LISTENERS, "combined-network", "dot-network"),
    Story("playlist-nncf", "Neural collaborative filtering", ("nncf", "accuracy, seeded"), "accuracy", "05_nncf",
          *LISTENERS, "nncf", "nncf-neighbourhood"),
    Story("lastfm-mf", "Matrix factorization with gravity", ("mf-regularized", "test MSE"), "squared error",
          "06_matrix_factorization", *LISTENERS, "mf-regularized", "als"),
    Story("genre-lightfm", "From genres to artists", ("genre-warp", "test AUC"), "AUC", "09_genre_to_artist",
          "original/genre-lightfm", "AUC, new artists of a subgenre", "genre-warp", "genre-warp-features",
          "artist-popularity"),
    Story("two-stage", "Retrieve by sound, then rank", ("", ""), "", "10_two_stage", "continuation", "ndcg@500",
          "two-stage-original", "two-stage-trees"),
)  # fmt: skip


class Finding(NamedTuple):
    """A row of the table; values of `story.metric`."""

    story: Story
    reported: float | None
    as_it_was: float
    repaired: float
    popularity: float
    best: float
    best_system: str


def findings(scores: Iterable[Score]) -> list[Finding]:
    """Return what became of each original; one whose chapter measured nothing is left out."""
    scores, found = list(scores), []
    for story in STORIES:
        rivals = {s.system: s.value for s in scores if (s.protocol, s.metric) == (story.protocol, story.metric)}
        three = [rivals.get(name) for name in (story.as_it_was, story.repaired, story.popularity)]
        if None in three:
            continue
        reported = [s.reported for s in scores if s.key == story.original and (s.system, s.metric) == story.reported]
        best = max(rivals, key=lambda name: rivals[name])
        was, repaired, popularity = (float(value or 0.0) for value in three)
        first = reported[0] if reported else None
        found.append(Finding(story, first, was, repaired, popularity, rivals[best], best))
    return found


def summary(rows: Sequence[Finding]) -> str:
    """Say in two sentences what the rows show."""
    before = [row.as_it_was / row.best for row in rows]
    after = [row.repaired / row.best for row in rows]
    behind = sum(row.as_it_was <= row.popularity for row in rows)
    text = (
        f"As their projects left them, the {len(rows)} systems score {min(before):.0%} to {max(before):.0%} of the "
        f"best result under the same protocol; repaired, {min(after):.0%} to {max(after):.0%}."
    )
    if behind:
        text += f" {behind} of them ranked no better than popularity alone."
    shared = [row for row in rows if (row.story.protocol, row.story.metric) == LISTENERS]
    if shared:
        best = max(shared, key=lambda row: row.best)
        text += f" The best system for listeners reaches NDCG@10 {best.best:.3f}, popularity {best.popularity:.3f}."
    return text


def markdown(rows: Sequence[Finding], link: str = "") -> str:
    """Return the table; `link` is how the chapter of a row is linked, with {chapter} and {title} in it."""
    head = ["the original built", "reported", "measured here", "as it was", "repaired", "popularity", "best"]
    lines = ["| " + " | ".join(head) + " |", "| --- | --- | --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        story = row.story
        title = link.format(chapter=story.chapter, title=story.title) if link else story.title
        reported = f"{story.figure} {row.reported:g}" if row.reported is not None else "nothing"
        values = (row.as_it_was, row.repaired, row.popularity, row.best)
        cells = [title, reported, measured(story), *(f"{value:.3f}" for value in values)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def measured(story: Story) -> str:
    """Return what the last four columns of a row are."""
    return story.metric.replace("ndcg", "NDCG").replace(" of a subgenre", "")


ROW, TOP, LEFT, RIGHT = 50, 34, 12, 348
MARKS = {"popularity": "grey ring", "as it was": "orange dot", "repaired": "blue dot", "best": "bar"}
COLOURS = {"as it was": "#d9480f", "repaired": "#2f7de1", "popularity": "#868e96"}
# an image of its own does not know the colour of the text around it
ALONE = (
    "<style>svg{color:#1f2328;font-family:system-ui,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{color:#e6edf3}}</style>"
)


def drawing(rows: Sequence[Finding], *, alone: bool = False) -> str:
    """Return the figure as SVG: a line for each original, from nothing at the left to the best score at the right.

    Parameters
    ----------
    rows : sequence of Finding
        At least one.
    alone : bool
        Whether it is a file of its own rather than part of a page.
    """
    height = TOP + ROW * len(rows) + 4
    label = "; ".join(
        f"{row.story.title}: as it was {row.as_it_was:.3f}, repaired {row.repaired:.3f}, popularity "
        f"{row.popularity:.3f}, best {row.best:.3f}" for row in rows
    )  # fmt: skip
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 {height}" role="img" width="100%" '
        f'style="max-width:560px" font-size="12.5" fill="currentColor" aria-label="{escape(label)}">',
        ALONE if alone else "",
    ]
    for place, name in enumerate(MARKS):
        x = LEFT + 4 + place * 88
        parts.append(_mark(name, x, 14) + f'<text x="{x + 9}" y="18">{name}</text>')
    for place, row in enumerate(rows):
        y = TOP + ROW * place
        line = y + 30
        parts.append(f'<text x="{LEFT}" y="{y + 14}" font-weight="600">{escape(row.story.title)}</text>')
        parts.append(f'<text x="{RIGHT}" y="{y + 14}" text-anchor="end">{measured(row.story)} {row.best:.3f}</text>')
        parts.append(f'<path d="M{LEFT} {line}H{RIGHT}" stroke="currentColor" stroke-opacity=".3"/>')
        values = {"best": row.best, "popularity": row.popularity, "as it was": row.as_it_was, "repaired": row.repaired}
        for name, value in values.items():
            parts.append(_mark(name, LEFT + (RIGHT - LEFT) * max(value, 0) / row.best, line))
    return "".join(parts) + "</svg>\n"


def _mark(name: str, x: float, y: float) -> str:
    if name == "best":
        return f'<path d="M{x:.1f} {y - 6}v12" stroke="currentColor" stroke-width="3"/>'
    if name == "popularity":
        return f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
    return f'<circle cx="{x:.1f}" cy="{y}" r="4.5" fill="{COLOURS[name]}"/>'


def readme_part(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the findings of release records as the README shows them; "" when they tell of no original.

    They stand between the marks that `with_findings` looks for.
    """
    rows = findings(score for record in records for score in record["scores"])
    if not rows:
        return ""
    date, machine = records[0]["date"], records[0]["machine"]
    seconds = {name: value for record in records for name, value in record["seconds"].items()}
    figure = f"![Each original as it was, repaired, beside popularity and the best system](results/{FIGURE})"
    note = (
        f"Measured on the real data, release {date}; higher is better, 1 is the most there is. The {len(seconds)} "
        f"chapters took {sum(seconds.values()) / 60:.0f} minutes of their processes, which run side by side, on "
        f"{machine['cores']} cores ({machine['processor']}, {machine['memory']})."
    )
    return f"{BEGIN}\n{summary(rows)}\n\n{figure}\n\n{markdown(rows)}\n{note}\n{END}"


def with_findings(readme: str, part: str) -> str:
    """Return a README with its findings replaced.

    Raises
    ------
    ValueError
        When it has no place for them.
    """
    pattern = re.compile(re.escape(BEGIN) + r".*?" + re.escape(END), re.DOTALL)
    if not pattern.search(readme):
        raise ValueError(f"the README has no place for the findings: put {BEGIN} and {END} where they belong")
    return pattern.sub(lambda _: part, readme, count=1)


def publish(root: Path) -> list[Path]:
    """Write figure and table of the README from the release, if it tells of originals; return the files.

    Raises
    ------
    ValueError
        When the README has no place for them.
    """
    records = read_release(root / "results")
    part = readme_part(records)
    if not part:
        return []
    rows = findings(score for record in records for score in record["scores"])
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    write_text(readme, with_findings(text, part))
    write_text(root / "results" / FIGURE, drawing(rows, alone=True))
    return [readme, root / "results" / FIGURE]


# What the chapters prove, each with the record whose reported figure it is about, and where it is shown.
LESSONS = (
    ("An accuracy of {figure:.2f} loses to a program that always answers no.", ("nncf", "accuracy, seeded"),
     "05_nncf"),
    ("An area under the curve of {figure:g} comes back when the model is fitted on all cells, those of the test too.",
     ("genre-warp", "test AUC"), "09_genre_to_artist"),
    ("A network that adds the two things it knows puts everything in the same order for everybody.", None,
     "04_neural_network"),
    ("A ranker was trained on labels that were all the same: it had nothing to learn.", None, "10_two_stage"),
    ("Neighbours went by the wrong names: numbers were sorted as text, names were not.", None,
     "06_matrix_factorization"),
    ("The order of artists in the file tells more than the best model does, if you let it.", None, "12_leaderboard"),
)  # fmt: skip


def lessons(scores: Iterable[Score], chapters: Iterable[str]) -> str:
    """Return one line for each thing the chapters of this build prove, linked to its place."""
    reported = {(s.system, s.metric): s.reported for s in scores if s.reported is not None}
    lines = []
    for text, record, chapter in LESSONS:
        if chapter in chapters and (record is None or record in reported):
            said = text.format(figure=reported[record]) if record else text
            lines.append(f"- {said} {{doc}}`Chapter {chapter[:2]} </notebooks/{chapter}>`")
    return "\n".join(lines) + "\n"


def doors(pages: Sequence[str]) -> str:
    """Return where to go from the first page, of the pages that this book has."""
    first = next((page for page in pages if page.startswith("notebooks/")), "")
    lines = {
        "try": "{doc}`/try`: name a few artists you love, or paste a list, and get others, with the reasons.",
        "map": "{doc}`/map`: who is near whom, from nothing but who listens to what; mark a region and take "
        "recommendations from it.",
        first: f"{{doc}}`The chapters </{first}>`: each tells what an original did, runs it again, shows by experiment "
        "what its number means, repairs it, and places it on the leaderboard. {doc}`/glossary` explains the words, "
        "{doc}`/protocol` how systems are compared.",
    }
    return "".join(f"- {line}\n" for page, line in lines.items() if page and page in pages)


def findings_page(
    scores: Sequence[Score], run: Run, released: Sequence[dict[str, Any]] = (), chapters: Iterable[str] = ()
) -> str:
    """Return what the first page opens with: two sentences, a figure and a table; below it what the chapters prove.

    A copy made on simulated listeners shows the release on real data first.
    """
    own = findings([s for s in scores if s.simulated == run.data.simulated and s.quick == run.quick])
    parts = []
    if run.label and released:
        if rows := findings([score for record in released for score in record["scores"]]):
            dates = " and ".join(dict.fromkeys(record["date"] for record in released))
            parts += [f"Measured on the real data, release {dates}:", *_shown(rows, linked=False)]
        parts.append(f"In this copy: **{run.label}**.")
    parts += _shown(own, linked=True) if own else ["No chapter of this build has measured an original yet."]
    return "\n\n".join([*parts, lessons(scores, list(chapters))])


def _shown(rows: Sequence[Finding], *, linked: bool) -> list[str]:
    link = "{{doc}}`{title} </notebooks/{chapter}>`" if linked else ""
    figure = f'```{{raw}} html\n<figure class="findings">{drawing(rows)}</figure>\n```'
    return [summary(rows), figure, f":::{{dropdown}} The same in numbers\n\n{markdown(rows, link)}\n:::"]
