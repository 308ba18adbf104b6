"""A reader's own account of a listening service, read when asked to; nothing of it is kept.

ListenBrainz is read without a key. Spotify needs a sign-in in the browser and the optional package spotipy. What is
read goes into the same table of plays as a downloaded history (`musicrec.histories`).
"""

from musicrec.accounts.errors import AccountError

__all__ = ["AccountError"]
