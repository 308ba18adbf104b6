"""Names as people write them: folding, finding what is meant, reading lists."""

from musicrec.names.fold import is_placeholder, plain
from musicrec.names.index import Match, Names, UnknownNameError
from musicrec.names.lists import Listing, read_list

__all__ = ["Listing", "Match", "Names", "UnknownNameError", "is_placeholder", "plain", "read_list"]
