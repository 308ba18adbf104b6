"""Reported and reproduced figures of a chapter, as a table."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from IPython.display import display

from musicrec.page.table import table_html
from musicrec.scores.records import Score
from musicrec.scores.reproduction import reproduction


def reproduced(scores: Iterable[Score], *, caption: str) -> None:
    """Show what an original reported beside what this run measured, in the digits it was reported with.

    Raises
    ------
    ValueError
        When none of the scores has a reported figure.
    """
    rows = []
    for row in reproduction(scores):
        text = repr(row["reported"])
        digits = 0 if float(text).is_integer() else len(text.partition(".")[2])
        rows.append(
            {
                "quantity": row["quantity"],
                "reported": f"{row['reported']:,.{digits}f}",
                "ours": f"{row['reproduced']:,.{digits}f}",
                "95% interval": "" if row["low"] is None else f"{row['low']:,.{digits}f} to {row['high']:,.{digits}f}",
                "status": row["status"],
                # that the data are others is said by the status
                "note": "" if row["status"] == "not-applicable" else row["note"],
            }
        )
    if not rows:
        raise ValueError(f"{caption!r}: none of the scores has a reported figure; add them with ScoreBook.reproduce")
    frame = pd.DataFrame(rows)
    frame = frame.drop(columns=[name for name in ("95% interval", "note") if not frame[name].any()])
    markup = table_html(frame, caption=caption, index=False)
    display({"text/html": markup, "text/plain": f"{caption}\n{frame.to_string(index=False)}"}, raw=True)
