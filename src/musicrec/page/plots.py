"""All that a chapter shows with: charts, figures, tables and sentences, under one name.

Call `use_style` once at the top of a chapter. Each chart draws on the axes it is given, or on new ones, and returns
them; ``plots.show(axes, alt=…)`` puts them on the page.
"""

from musicrec.page.charts import curves, heatmap, intervals, scatter
from musicrec.page.distributions import boxes, distribution, ranked_bars
from musicrec.page.figure import INK, show
from musicrec.page.prose import prose
from musicrec.page.reproduced import reproduced
from musicrec.page.style import ACCENT, MAIN, MUTED, PALETTE, use_style
from musicrec.page.table import table
from musicrec.page.words import in_words

__all__ = [
    "ACCENT",
    "INK",
    "MAIN",
    "MUTED",
    "PALETTE",
    "boxes",
    "curves",
    "distribution",
    "heatmap",
    "in_words",
    "intervals",
    "prose",
    "ranked_bars",
    "reproduced",
    "scatter",
    "show",
    "table",
    "use_style",
]
