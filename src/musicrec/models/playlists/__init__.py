"""Systems that continue playlists of any number: their work grows with what a playlist touches, not with all tracks."""
