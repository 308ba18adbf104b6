"""Playlists at full scale: slices of the Million Playlist Dataset, or of any export in its format, as tables."""
