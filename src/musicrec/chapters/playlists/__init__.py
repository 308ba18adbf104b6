"""What the chapters of the edition about playlists measure beside what those about listeners do."""
