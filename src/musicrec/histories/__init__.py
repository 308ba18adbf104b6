"""Listening histories as people can download them, of any service, as one table of plays.

A history stays where it lies: it is read from the reader's disk, and these modules write nothing of it anywhere.
"""

from musicrec.histories.containers import HistoryError
from musicrec.histories.plays import Plays
from musicrec.histories.read import History, read_history

__all__ = ["History", "HistoryError", "Plays", "read_history"]
